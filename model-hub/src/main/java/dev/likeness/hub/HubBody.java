package dev.likeness.hub;

import dev.likeness.diffusion.internal.io.CurrentWork;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The body of an answer, read part by part. Only one part is in memory. A body that brings nothing
 * for a while is given up: the JDK's own timeout ends with the headers (JDK-8258397). Reading stops
 * soon after the work was cancelled.
 */
final class HubBody implements HttpResponse.BodySubscriber<HubBody>, AutoCloseable {
  private static final List<ByteBuffer> END = List.of();
  private static final long TICK = 50;

  private final Duration stall;
  private final BlockingQueue<List<ByteBuffer>> parts = new LinkedBlockingQueue<>();
  private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
  private volatile Throwable failure;

  HubBody(Duration stall) {
    this.stall = stall;
  }

  @Override
  public CompletionStage<HubBody> getBody() {
    return CompletableFuture.completedFuture(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    if (!subscription.complete(given)) {
      given.cancel();
    } else {
      given.request(1);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> part) {
    parts.add(part);
  }

  @Override
  public void onError(Throwable error) {
    failure = error;
    parts.add(END);
  }

  @Override
  public void onComplete() {
    parts.add(END);
  }

  /**
   * Returns the next buffers of the body; empty at its end.
   *
   * @throws IOException if the connection failed, or nothing came for too long
   */
  List<ByteBuffer> next() throws IOException {
    long until = System.nanoTime() + stall.toNanos();
    while (true) {
      CurrentWork.throwIfCancelled();
      List<ByteBuffer> part;
      try {
        part = parts.poll(TICK, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        continue;
      }
      if (part == END) {
        parts.add(END);
        if (failure != null) {
          throw failure instanceof IOException io
              ? io
              : new IOException(failure.getMessage(), failure);
        }
        return END;
      }
      if (part != null) {
        subscription.join().request(1);
        if (!part.isEmpty()) {
          return part;
        }
      } else if (System.nanoTime() > until) {
        throw new IOException("no data for " + seconds(stall));
      }
    }
  }

  /**
   * Returns the whole body.
   *
   * @param most the largest number of bytes
   * @throws IOException if it has more bytes, or cannot be read
   */
  byte[] bytes(long most) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (List<ByteBuffer> part = next(); !part.isEmpty(); part = next()) {
      for (ByteBuffer buffer : part) {
        byte[] read = new byte[buffer.remaining()];
        buffer.get(read);
        all.writeBytes(read);
      }
      if (all.size() > most) {
        throw new TooLong(most);
      }
    }
    return all.toByteArray();
  }

  /** Returns the first bytes of the body; fewer if it ends before. */
  byte[] first(long most) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (List<ByteBuffer> part = next(); !part.isEmpty(); part = next()) {
      for (ByteBuffer buffer : part) {
        byte[] read = new byte[(int) Math.min(buffer.remaining(), most - all.size())];
        buffer.get(read);
        all.writeBytes(read);
      }
      if (all.size() == most) {
        break;
      }
    }
    return all.toByteArray();
  }

  /** An answer is longer than any true one. */
  static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;

    TooLong(long most) {
      super("the answer has more than " + most + " bytes");
    }
  }

  /** Ends the transfer; its connection is closed if a part of the body is left. */
  @Override
  public void close() {
    if (!subscription.cancel(false) && !subscription.isCancelled()) {
      subscription.join().cancel();
    }
  }

  static String seconds(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
