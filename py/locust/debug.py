"""run_single_user(), which runs a file by Python itself, for debuggers."""


def run_single_user(*args, **kwargs):
    raise RuntimeError("run_single_user() runs a file by Python itself, which takes Locust's own package (pip install locust) "
                       "in place of brunt's; in brunt, `brunt run FILE.py -- -u 1 -t 10s` runs one user")
