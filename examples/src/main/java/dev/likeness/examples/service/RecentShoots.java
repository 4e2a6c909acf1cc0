package dev.likeness.examples.service;

import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.shoot.Shoot;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Shoots by random id. Keeps all waiting and running shoots, and the last finished ones within a
 * number and a size. The last finished one is always kept.
 */
final class RecentShoots {
  private static final int ID_BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final int maxShoots;
  private final long maxBytes;
  // Finished shoots are in the order in which they finished.
  private final Map<String, GenerationJob<Shoot>> shoots = new LinkedHashMap<>();

  RecentShoots(int maxShoots, long maxBytes) {
    this.maxShoots = maxShoots;
    this.maxBytes = maxBytes;
  }

  /** Adds a shoot and returns its id. */
  synchronized String add(GenerationJob<Shoot> job) {
    String id = randomId();
    shoots.put(id, job);
    evict();
    job.toCompletableFuture().whenComplete((shoot, failure) -> onFinished(id));
    return id;
  }

  // Whoever knows an id gets the images, so ids cannot be guessed.
  private static String randomId() {
    byte[] id = new byte[ID_BYTES];
    RANDOM.nextBytes(id);
    return HexFormat.of().formatHex(id);
  }

  /** Returns the shoot, or null if it never existed or was evicted. */
  synchronized GenerationJob<Shoot> job(String id) {
    return shoots.get(id);
  }

  /** Returns the limits, for error messages about a missing shoot. */
  @Override
  public String toString() {
    return "the last " + maxShoots + " are kept, of up to " + maxBytes / (1 << 20)
        + " MiB of images";
  }

  private synchronized void onFinished(String id) {
    GenerationJob<Shoot> job = shoots.remove(id);
    if (job != null) {
      shoots.put(id, job);
      evict();
    }
  }

  private void evict() {
    List<Map.Entry<String, GenerationJob<Shoot>>> done = new ArrayList<>(
        shoots.entrySet().stream().filter(shoot -> shoot.getValue().isDone()).toList());
    long bytes = done.stream().mapToLong(shoot -> bytes(shoot.getValue())).sum();
    while (done.size() > 1 && (shoots.size() > maxShoots || bytes > maxBytes)) {
      Map.Entry<String, GenerationJob<Shoot>> oldest = done.remove(0);
      bytes -= bytes(oldest.getValue());
      shoots.remove(oldest.getKey());
    }
  }

  private static long bytes(GenerationJob<Shoot> job) {
    return job.state() != GenerationJob.State.DONE
        ? 0
        : job.join().headshots().stream()
            .mapToLong(shot -> 3L * shot.image().width() * shot.image().height())
            .sum();
  }
}
