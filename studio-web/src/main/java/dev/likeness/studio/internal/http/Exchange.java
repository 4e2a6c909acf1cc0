package dev.likeness.studio.internal.http;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;

/** One request with its answer, as the handlers of routes see it. For one thread. */
final class Exchange {
  static final String JSON_TYPE = "application/json";
  static final String PNG = "image/png";
  private static final int MAX_JSON = 64 << 10;
  private static final int BUFFER = 1 << 16;
  private static final long BYTES_PER_SECOND = 64 << 10;
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]{0,12})-([0-9]{0,12})");

  private final Request request;
  private final Response response;
  private final Callback callback;
  private final Map<String, String> variables;
  private final Duration patience;

  /**
   * Begins an exchange.
   *
   * @param variables the variable parts of the path
   * @param patience the time that a body may take, besides the time for its length
   */
  Exchange(
      Request request,
      Response response,
      Callback callback,
      Map<String, String> variables,
      Duration patience) {
    this.request = request;
    this.response = response;
    this.callback = callback;
    this.variables = variables;
    this.patience = patience;
  }

  Request request() {
    return request;
  }

  Response response() {
    return response;
  }

  Callback callback() {
    return callback;
  }

  /** Returns a variable part of the path. */
  String variable(String name) {
    return variables.get(name);
  }

  /** Returns a parameter of the query; empty if it is not given. */
  String query(String name) {
    Fields fields = Request.extractQueryParameters(request, StandardCharsets.UTF_8);
    String value = fields.getValue(name);
    return value == null ? "" : value;
  }

  /** Reads a body of at most {@code max} bytes, in at most the time that its length allows. */
  byte[] body(long max) {
    if (request.getLength() > max) {
      throw tooLarge(max);
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    long begun = System.nanoTime();
    try (InputStream in = Content.Source.asInputStream(request)) {
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        whole.write(buffer, 0, n);
        if (whole.size() > max) {
          throw tooLarge(max);
        }
        Duration allowed = patience.plusSeconds(whole.size() / BYTES_PER_SECOND);
        if (System.nanoTime() - begun > allowed.toNanos()) {
          throw new HttpFailure(
              HttpFailure.TIMEOUT, "the upload was too slow and was stopped; send it again");
        }
      }
      return whole.toByteArray();
    } catch (IOException e) {
      throw new HttpFailure(
          HttpFailure.TIMEOUT, "the upload ended before it was complete; send it again");
    }
  }

  private static HttpFailure tooLarge(long max) {
    return new HttpFailure(
        HttpFailure.TOO_LARGE,
        "the upload has more than " + max + " bytes, which is the limit; send a smaller file");
  }

  /** Reads a body that is one small JSON object. */
  JsonBody json() {
    return json(MAX_JSON);
  }

  /** Reads a body that is one JSON object of at most {@code max} bytes. */
  JsonBody json(int max) {
    String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
    if (type == null || !type.split(";", 2)[0].strip().equalsIgnoreCase(JSON_TYPE)) {
      throw new HttpFailure(
          HttpFailure.UNSUPPORTED, "the body is not announced as JSON; send application/json");
    }
    try {
      Map<String, Object> map = JSON.std.mapFrom(body(max));
      return new JsonBody(map == null ? Map.of() : map);
    } catch (IOException e) {
      throw new HttpFailure(
          HttpFailure.BAD_REQUEST, "the body is not a JSON object: " + Quoted.reason(e));
    }
  }

  /** Answers with JSON. */
  void send(int status, Object value) {
    send(status, JSON_TYPE, encode(value));
  }

  private static byte[] encode(Object value) {
    try {
      return JSON.std.asBytes(value);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
  }

  /** Returns the body of the answer to a request that failed: JSON with one field. */
  static byte[] failure(String message) {
    return encode(Map.of("error", message));
  }

  void send(int status, String type, byte[] body) {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    boolean head = request.getMethod().equals("HEAD");
    response.write(true, head ? ByteBuffer.allocate(0) : ByteBuffer.wrap(body), callback);
  }

  /** Answers with bytes, or with the part of them that the request asks for. */
  void sendRange(String type, byte[] body) {
    response.getHeaders().put(HttpHeader.ACCEPT_RANGES, "bytes");
    String header = request.getHeaders().get(HttpHeader.RANGE);
    Matcher range = RANGE.matcher(header == null ? "" : header);
    if (!range.matches() || range.group(1).isEmpty() && range.group(2).isEmpty()) {
      send(200, type, body);
      return;
    }
    long first = range.group(1).isEmpty()
        ? Math.max(0, body.length - Long.parseLong(range.group(2)))
        : Long.parseLong(range.group(1));
    long last = range.group(1).isEmpty() || range.group(2).isEmpty()
        ? body.length - 1
        : Math.min(body.length - 1, Long.parseLong(range.group(2)));
    if (first > last) {
      response.getHeaders().put(HttpHeader.CONTENT_RANGE, "bytes */" + body.length);
      throw new HttpFailure(
          HttpFailure.RANGE, "the file has " + body.length + " bytes; ask for a part of these");
    }
    response
        .getHeaders()
        .put(HttpHeader.CONTENT_RANGE, "bytes " + first + "-" + last + "/" + body.length);
    send(206, type, java.util.Arrays.copyOfRange(body, (int) first, (int) last + 1));
  }

  /** Answers with a file that the browser saves. */
  void sendFile(String name, String type, byte[] body) {
    response
        .getHeaders()
        .put(HttpHeader.CONTENT_DISPOSITION, "attachment; filename=\"" + name + "\"");
    sendRange(type, body);
  }

  /** Answers a failure. */
  void fail(int status, String message) {
    send(status, JSON_TYPE, failure(message));
  }
}
