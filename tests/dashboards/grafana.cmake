# Grafana is in no Debian: without BRUNT_TEST_GRAFANA=/path/to/its/home in the environment this is left out.
find_package(Python3 COMPONENTS Interpreter)
if(TARGET brunt AND Python3_FOUND)
    add_test(NAME dashboard_grafana COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/grafana.py $<TARGET_FILE:brunt>)
    set_tests_properties(dashboard_grafana PROPERTIES LABELS dashboards TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
