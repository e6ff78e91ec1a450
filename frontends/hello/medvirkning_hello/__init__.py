"""The least a frontend can be: how many meetings the ledger has, asked of the API as whoever is signed in."""

import flask
import httpx

FRONTEND = {
    "title": {"nb": "Hallo", "nn": "Hallo", "en": "Hello"},
    "roles": ["caseworker", "coordinator", "evaluator"],
    "api": 1,
    "personal_data": [],
}


def frontend(api: httpx.Client) -> flask.Blueprint:
    """The pages; `api` asks the public API with the rights of whoever looks at them."""
    pages = flask.Blueprint("hello", __name__, template_folder="templates")

    @pages.get("/")
    def meetings() -> str:
        answer = api.get("meetings", params={"limit": 5}).raise_for_status()
        return flask.render_template("hello/meetings.html", meetings=answer.json()["items"])

    return pages
