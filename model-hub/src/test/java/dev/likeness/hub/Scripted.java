package dev.likeness.hub;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer to one request that is not the hub's usual one. It is data, so that a server in another
 * process gives it too.
 *
 * @param status the status; 0 for the file or the range of it that is asked for
 * @param headers additional headers
 * @param body what is sent in place of the file; empty for an answer without content
 * @param chunked true if the answer does not say its length
 * @param part the share of the content that is sent before the connection is closed
 * @param pieces the number of parts in which the content is sent
 * @param pauseMillis the pause after each of them
 * @param waitMillis the time before the answer begins
 */
record Scripted(
    int status,
    Map<String, String> headers,
    byte[] body,
    boolean chunked,
    double part,
    int pieces,
    int pauseMillis,
    int waitMillis)
    implements LocalHub.Answer {
  private static final byte[] NOTHING = {};
  private static final int STALL_MILLIS = 1500;

  private static Scripted file(double part, int pieces, int pauseMillis, int waitMillis) {
    return new Scripted(0, Map.of(), NOTHING, false, part, pieces, pauseMillis, waitMillis);
  }

  /** Sends a part of the rest of a file, and then closes the connection. */
  static Scripted cutOff(double part) {
    return file(part, 1, 0, 0);
  }

  /** Sends a part of a file, and then nothing, with the connection open. */
  static Scripted stall(double part) {
    return file(part, 1, STALL_MILLIS, 0);
  }

  /** Sends a file in pieces with pauses. */
  static Scripted slow(int pieces, int pauseMillis) {
    return file(1, pieces, pauseMillis, 0);
  }

  /** Sends a file after a time. */
  static Scripted late(int millis) {
    return file(1, 1, 0, millis);
  }

  /** Sends other bytes as if they were the file. */
  static Scripted bytes(byte[] other) {
    return answer(200, Map.of(), other);
  }

  /** Sends bytes without their number. */
  static Scripted endless(byte[] content) {
    return new Scripted(200, Map.of(), content, true, 1, 1, 0, 0);
  }

  static Scripted json(Object value) {
    try {
      byte[] body = JSON.std
          .with(JSON.Feature.WRITE_NULL_PROPERTIES)
          .asString(value)
          .getBytes(StandardCharsets.UTF_8);
      return answer(200, Map.of("Content-Type", "application/json"), body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Scripted status(int status) {
    return status(status, Map.of());
  }

  static Scripted status(int status, Map<String, String> headers) {
    return answer(status, headers, NOTHING);
  }

  static Scripted redirect(String location, Map<String, String> headers) {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("Location", location);
    return status(302, all);
  }

  static Scripted answer(int status, Map<String, String> headers, byte[] body) {
    return new Scripted(status, headers, body, false, 1, 1, 0, 0);
  }

  @Override
  public void give(HttpExchange exchange, TestHub.Stored file) throws IOException {
    pause(waitMillis);
    headers.forEach(exchange.getResponseHeaders()::set);
    if (status == 0) {
      LocalHub.Range range = LocalHub.Range.of(exchange, file);
      range.headers(exchange, file);
      exchange.sendResponseHeaders(range.status(), range.length());
      send(exchange, file.bytes(), range.from(), (int) (range.length() * part));
    } else {
      // The server takes 0 for an unknown length, and -1 for no content.
      exchange.sendResponseHeaders(status, chunked ? 0 : body.length == 0 ? -1 : body.length);
      send(exchange, body, 0, body.length);
      if (chunked) {
        exchange.getResponseBody().close();
      }
    }
  }

  private void send(HttpExchange exchange, byte[] content, int from, int length)
      throws IOException {
    OutputStream out = exchange.getResponseBody();
    for (int i = 0; i < pieces; i++) {
      int begin = (int) ((long) length * i / pieces);
      int end = (int) ((long) length * (i + 1) / pieces);
      if (end > begin) {
        out.write(content, from + begin, end - begin);
      }
      if (length > 0 || status == 0) {
        out.flush();
      }
      pause(pauseMillis);
    }
  }

  /** Returns the answer for another process. */
  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("status", status);
    json.put("headers", headers);
    json.put("body", Base64.getEncoder().encodeToString(body));
    json.put("chunked", chunked);
    json.put("part", part);
    json.put("pieces", pieces);
    json.put("pause", pauseMillis);
    json.put("wait", waitMillis);
    return json;
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
