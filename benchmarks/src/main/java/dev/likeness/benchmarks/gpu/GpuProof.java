package dev.likeness.benchmarks.gpu;

import dev.likeness.benchmarks.gpu.ProofLog.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Runs groups of checks on a device. An item that takes longer than its limit ends the process with
 * status {@link #LIMIT_STATUS}; a second start goes on with the next item.
 *
 * <p>Arguments: {@code OUT FOLDERS DEVICE SIZE FACTOR GROUP...}: the file of lines, the folder that
 * {@code tools/gpu/folders.py} wrote, {@code cuda} or {@code cpu}, {@code full} or {@code tiny}, a
 * factor for all time limits, and letters of groups.
 */
public final class GpuProof {
  /** Exit status after an item that took longer than its limit. */
  static final int LIMIT_STATUS = 75;

  private GpuProof() {}

  /** A piece of work of an item. */
  @FunctionalInterface
  interface Body {
    void run() throws Exception;
  }

  /**
   * A check with a time limit of its own.
   *
   * @param name group and item, such as {@code b.sd15.bf16}
   * @param seconds the limit
   */
  record Item(String name, int seconds, Body body) {}

  /** Runs the groups. */
  public static void main(String[] args) {
    ProofLog log = new ProofLog(Path.of(args[0]), "likeness");
    ProofModels models = new ProofModels(Path.of(args[1]), args[2], args[3].equals("tiny"), log);
    double factor = Double.parseDouble(args[4]);
    log.closeInterrupted();
    Set<String> begun = log.begun();
    for (Item item : items(Arrays.asList(args).subList(5, args.length), models, log)) {
      if (!begun.contains(item.name())) {
        run(item, (int) Math.ceil(factor * item.seconds()), log);
      }
    }
    // Threads of libraries must not keep the process.
    Runtime.getRuntime().halt(0);
  }

  private static List<Item> items(List<String> groups, ProofModels models, ProofLog log) {
    List<Item> items = new ArrayList<>();
    for (String group : groups) {
      items.addAll(
          switch (group) {
            case "a" -> DeviceItems.opening(models, log);
            case "b" -> SpeedItems.stableDiffusion(models, log);
            case "c" -> SpeedItems.transformers(models, log);
            case "d" -> TrainingItems.steps(models, log);
            case "e" -> PersonItems.batch(models, log);
            case "f" -> PersonItems.conditioning(models, log);
            case "g" -> DeviceItems.outOfMemory(models, log);
            case "h" -> PersonItems.threads(models, log);
            case "i" -> DeviceItems.oneGeneration(models, log);
            case "limit" -> List.of(new Item("limit.sleeps", 1, () -> TimeUnit.MINUTES.sleep(5)));
            case "cut" -> List.of(new Item("cut.sleeps", 300, () -> TimeUnit.MINUTES.sleep(5)));
            default ->
              throw new IllegalArgumentException("no group \"" + group + "\"; known: a to i");
          });
    }
    return items;
  }

  private static void run(Item item, int limit, ProofLog log) {
    log.write(item.name(), State.BEGUN, Map.of("limit", limit));
    Thread watch = new Thread(() -> endAfter(limit, item.name(), log), "limit");
    watch.setDaemon(true);
    watch.start();
    try {
      item.body().run();
      watch.interrupt();
      log.write(item.name(), State.DONE, Map.of());
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      watch.interrupt();
      log.write(item.name(), State.FAILED, Map.of("text", text(e)));
    }
  }

  private static void endAfter(int limit, String name, ProofLog log) {
    try {
      TimeUnit.SECONDS.sleep(limit);
    } catch (InterruptedException finished) {
      return;
    }
    log.write(name, State.LIMIT, Map.of("text", "took longer than " + limit + " s"));
    // A call into the driver cannot be interrupted.
    Runtime.getRuntime().halt(LIMIT_STATUS);
  }

  private static String text(Throwable e) {
    String message = String.valueOf(e.getMessage());
    return e.getClass().getSimpleName() + ": " + message.lines().findFirst().orElse("");
  }
}
