"""Who is in the demo, and the two host names that make its CRM and its phone two origins."""

PHONE_HOST = "localhost"
CRM_HOST = "127.0.0.1"
PEOPLE = {
    "1001": "Nguyễn Văn An",
    "1002": "Trần Thị Bình",
    "1003": "Lê Minh Châu",
    "1004": "Phạm Quốc Dũng",
}


def demo_password(extension: str) -> str:
    """The login password of a demo user, and the static SIP password for other SIP programs."""
    return f"demo-{extension}"
