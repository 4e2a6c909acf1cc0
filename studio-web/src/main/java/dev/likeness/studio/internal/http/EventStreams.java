package dev.likeness.studio.internal.http;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.util.Callback;

/**
 * The open streams of server-sent events. A stream takes no thread. It keeps the newest event of
 * each kind that its browser has not read yet, so a slow browser costs no memory. Thread-safe.
 */
final class EventStreams implements AutoCloseable {
  /** The largest number of open streams: about one a tab. */
  static final int MAX_STREAMS = 32;

  private static final ByteBuffer BEAT =
      ByteBuffer.wrap(": alive\n\n".getBytes(StandardCharsets.US_ASCII)).asReadOnlyBuffer();

  private final Set<Stream> streams = ConcurrentHashMap.newKeySet();

  /** Opens a stream on an exchange, which stays open. */
  void open(Exchange exchange) {
    Stream stream = new Stream(exchange);
    synchronized (this) {
      if (streams.size() >= MAX_STREAMS) {
        throw new HttpFailure(
            HttpFailure.TOO_MANY,
            "more than " + MAX_STREAMS + " pages of the studio are open; close some of them");
      }
      streams.add(stream);
    }
    exchange.response().setStatus(200);
    exchange.response().getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
    stream.beat();
  }

  int count() {
    return streams.size();
  }

  /**
   * Sends an event to every stream.
   *
   * @param key an unsent event of the same key is replaced by this one
   */
  void publish(String key, Map<String, Object> event) {
    byte[] line;
    try {
      line = ("data: " + JSON.std.asString(event) + "\n\n").getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
    streams.forEach(stream -> stream.send(key, line));
  }

  /** Sends a comment to every stream, which finds the browsers that have gone. */
  void beat() {
    streams.forEach(Stream::beat);
  }

  @Override
  public void close() {
    streams.forEach(Stream::end);
  }

  /** One open stream. */
  private final class Stream {
    private final Exchange exchange;
    private final Map<String, byte[]> unsent = new LinkedHashMap<>();
    private boolean isWriting;
    private boolean isEnded;

    Stream(Exchange exchange) {
      this.exchange = exchange;
    }

    void send(String key, byte[] line) {
      synchronized (this) {
        unsent.remove(key);
        unsent.put(key, line);
      }
      next(false);
    }

    void beat() {
      next(true);
    }

    private void next(boolean evenNothing) {
      ByteBuffer part;
      synchronized (this) {
        if (isWriting || isEnded || unsent.isEmpty() && !evenNothing) {
          return;
        }
        if (unsent.isEmpty()) {
          part = BEAT.duplicate();
        } else {
          String first = unsent.keySet().iterator().next();
          part = ByteBuffer.wrap(unsent.remove(first));
        }
        isWriting = true;
      }
      exchange.response().write(false, part, Callback.from(this::written, this::failed));
    }

    private void written() {
      synchronized (this) {
        isWriting = false;
      }
      next(false);
    }

    private void failed(Throwable gone) {
      end();
    }

    void end() {
      synchronized (this) {
        if (isEnded) {
          return;
        }
        isEnded = true;
      }
      streams.remove(this);
      exchange.callback().succeeded();
    }
  }
}
