"""`after_this_request` functions are kept after they ran.

Where:
    docs/lifecycle.rst, the step before `after_request`

Says:
    They are called, "then cleared".

In fact:
    Nobody clears them. When something fails after them, the response for the 500 goes the same
    way, and they are called a second time.
"""

from miniflask import Flask, after_this_request

app = Flask("claim")
app.logger.disabled = True


@app.get("/")
def index():
    @after_this_request
    def note(response):
        print("after_this_request:", response.status_code)
        return response

    return "index"


@app.after_request
def fail(response):
    if response.status_code == 200:
        raise RuntimeError
    return response


app.test_client().get("/")
