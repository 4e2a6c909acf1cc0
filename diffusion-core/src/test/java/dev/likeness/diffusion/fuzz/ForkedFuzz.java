package dev.likeness.diffusion.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.OperatingSystemMXBean;
import dev.likeness.diffusion.tensor.OtherJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs a fuzz test in worker processes, one for each slice of its seeds. A seed that ends its
 * process, or takes longer than ten seconds, is reported as a failure, and the next process goes on
 * behind it.
 */
public final class ForkedFuzz {
  private static final int SLICE = 1000;
  private static final int SECONDS = 10;
  /** On a busy machine a worker waits for the processor; only a hang takes so long. */
  private static final int TIMES_WAITING = 12;

  private static final int MANY = 20;
  private static final String BEGUN = "@begun ";
  private static final String ENDED = "@ended ";
  private static final String WRONG = "@wrong ";
  private static final String DONE = "@done";

  private ForkedFuzz() {}

  /** The cases of one fuzz test; has a constructor without parameters. */
  public interface Cases extends AutoCloseable {
    /** Prepares what all seeds of a process share, in an empty folder of the process. */
    void open(Path folder) throws Exception;

    /**
     * Tries the input of one seed.
     *
     * @return true if the input was used, false if it was refused in the right way
     * @throws Throwable if it ended in any other way
     */
    boolean used(int seed) throws Throwable;

    @Override
    default void close() throws Exception {}
  }

  /** Returns the random numbers of a seed; those of neighbours have nothing in common. */
  public static Random random(int seed) {
    return new Random(seed * 0x9e3779b97f4a7c15L);
  }

  /**
   * Tries the seeds from {@code first} up to, not including, {@code end}.
   *
   * @param used the least share of inputs that are used: with fewer, little is tested
   * @param refused the least share of inputs that are refused
   */
  public static void run(
      Class<? extends Cases> cases, int first, int end, double used, double refused)
      throws IOException, InterruptedException {
    int[] counts = new int[2];
    List<String> failures = failures(cases, first, end, SECONDS, counts);
    assertTrue(failures.isEmpty(), () -> String.join("\n", failures));
    assertEquals(end - first, counts[0] + counts[1]);
    String share = counts[1] + " of " + (end - first) + " inputs were used";
    assertTrue(counts[1] >= used * (end - first), share);
    assertTrue(counts[0] >= refused * (end - first), share);
  }

  /** Returns what went wrong, and counts the inputs that were refused and used. */
  static List<String> failures(
      Class<? extends Cases> cases, int first, int end, int seconds, int[] counts)
      throws IOException, InterruptedException {
    List<String> failures = new ArrayList<>();
    int next = first;
    while (next < end && failures.size() < MANY) {
      int last = Math.min(end, next + SLICE);
      Path errors = Files.createTempFile("likeness-fuzz", ".txt");
      try {
        Process worker = start(cases, next, last, seconds, errors);
        next = follow(worker, next, last, errors, failures, counts);
      } finally {
        Files.deleteIfExists(errors);
      }
    }
    return failures;
  }

  private static Process start(
      Class<? extends Cases> cases, int first, int end, int seconds, Path errors)
      throws IOException {
    List<String> options =
        List.of("-Xmx768m", "-XX:ErrorFile=/dev/null", "-Djava.awt.headless=true");
    return OtherJvm.command(options, ForkedFuzz.class, cases.getName(), first, end, seconds)
        .redirectError(errors.toFile())
        .start();
  }

  // Returns the seed with which the next process begins.
  private static int follow(
      Process worker, int first, int end, Path errors, List<String> failures, int[] counts)
      throws IOException, InterruptedException {
    int begun = first - 1;
    boolean ended = true;
    boolean done = false;
    try (BufferedReader said = new BufferedReader(
        new InputStreamReader(worker.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        if (line.startsWith(BEGUN)) {
          begun = Integer.parseInt(line.substring(BEGUN.length()));
          ended = false;
        } else if (line.startsWith(ENDED)) {
          counts[Integer.parseInt(line.substring(ENDED.length()))]++;
          ended = true;
        } else if (line.startsWith(WRONG)) {
          failures.add("seed " + begun + ": " + line.substring(WRONG.length()));
          ended = true;
        }
        done |= line.equals(DONE);
      }
      int status = worker.waitFor();
      if (!done || status != 0) {
        String text = Files.readString(errors, StandardCharsets.ISO_8859_1);
        failures.add((ended ? "after seed " : "seed ") + begun
            + ": the process ended with status " + status + ": "
            + text.substring(Math.max(0, text.length() - 3000)));
      }
      // A process that cannot open its cases would be started again for ever.
      return done ? end : begun < first ? Integer.MAX_VALUE : begun + 1;
    } finally {
      worker.destroyForcibly();
    }
  }

  /** A worker: the class of its cases, its first seed, the one behind its last, and the seconds. */
  public static void main(String[] args) throws Exception {
    PrintStream report = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Path folder = Files.createTempDirectory("likeness-fuzz");
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
    Watch watch = new Watch(Thread.currentThread(), Integer.parseInt(args[3]));
    Constructor<?> constructor = Class.forName(args[0]).getDeclaredConstructor();
    constructor.setAccessible(true);
    try (Cases cases = (Cases) constructor.newInstance()) {
      cases.open(folder);
      int end = Integer.parseInt(args[2]);
      for (int seed = Integer.parseInt(args[1]); seed < end; seed++) {
        report.println(BEGUN + seed);
        watch.begin();
        try {
          boolean used = cases.used(seed);
          watch.end();
          report.println(ENDED + (used ? 1 : 0));
        } catch (Throwable wrong) {
          watch.end();
          report.println(WRONG + oneLine(wrong));
        }
      }
    }
    report.println(DONE);
    System.exit(0);
  }

  private static String oneLine(Throwable wrong) {
    StackTraceElement[] trace = wrong.getStackTrace();
    String text = wrong + " at " + Arrays.asList(trace).subList(0, Math.min(8, trace.length));
    text = text.replaceAll("\\p{Cntrl}", "?");
    return text.substring(0, Math.min(text.length(), 2000));
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    } catch (IOException left) {
      System.err.println(folder + " stays: " + left);
    }
  }

  /** Ends the process of a seed that takes too long, and says where it was. */
  private static final class Watch {
    private static final OperatingSystemMXBean PROCESS =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final long most;
    private volatile long since;
    private volatile long cpuSince;

    Watch(Thread watched, int seconds) {
      most = TimeUnit.SECONDS.toNanos(seconds);
      Thread thread = new Thread(
          () -> {
            while (true) {
              look(watched);
            }
          },
          "watch");
      thread.setDaemon(true);
      thread.start();
    }

    void begin() {
      cpuSince = PROCESS.getProcessCpuTime();
      since = System.nanoTime();
    }

    void end() {
      since = 0;
    }

    private void look(Thread watched) {
      long began = since;
      if (began != 0
          && (PROCESS.getProcessCpuTime() - cpuSince > most
              || System.nanoTime() - began > TIMES_WAITING * most)
          && began == since) {
        System.err.println("took too long at " + Arrays.toString(watched.getStackTrace()));
        Runtime.getRuntime().halt(99);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(100);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
