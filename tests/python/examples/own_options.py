"""Options of the script's own."""
# run: -u 1 --word hello
# says: hello 3
# expect: GET /fast = 1
from locust import HttpUser, events, task
from locust.exception import StopUser


@events.init_command_line_parser.add_listener
def on_parser(parser):
    parser.add_argument("--word", default="", help="a word")
    parser.add_argument("--times", type=int, default=3, env_var="TIMES", include_in_web_ui=False, help="how often")


class Visitor(HttpUser):
    @task
    def work(self):
        options = self.environment.parsed_options
        print(options.word, options.times, flush=True)
        self.client.get("/fast")
        raise StopUser()
