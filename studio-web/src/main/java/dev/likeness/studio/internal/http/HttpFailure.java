package dev.likeness.studio.internal.http;

/** Ends a request with a status and one line of text for the person at the page. */
final class HttpFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  static final int BAD_REQUEST = 400;
  static final int UNAUTHORIZED = 401;
  static final int FORBIDDEN = 403;
  static final int NOT_FOUND = 404;
  static final int METHOD_NOT_ALLOWED = 405;
  static final int TIMEOUT = 408;
  static final int CONFLICT = 409;
  static final int TOO_LARGE = 413;
  static final int LONG_ADDRESS = 414;
  static final int UNSUPPORTED = 415;
  static final int RANGE = 416;
  static final int UNPROCESSABLE = 422;
  static final int TOO_MANY = 429;
  static final int LARGE_HEADERS = 431;
  static final int DEFECT = 500;
  static final int UNAVAILABLE = 503;

  private final int status;

  HttpFailure(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
