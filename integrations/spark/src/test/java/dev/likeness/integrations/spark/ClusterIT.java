package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two executor processes, twelve people, two of them with bad photos, the loss of an executor in
 * the middle of a training, and two attempts of one person.
 */
class ClusterIT {
  private static final int GOOD = 10;
  private static final int FIRST = 4;

  @TempDir
  Path folder;

  private SparkSession start(String job) {
    return LocalCluster.builder(2, 1, 4096, folder.resolve(job)).getOrCreate();
  }

  private HeadshotJob job(SparkSession spark) {
    return HeadshotJob.on(
            spark, PortraitModel::files, folder.resolve("out").toUri().toString())
        .device("cpu")
        .dtype("f32")
        .saveInterval(8);
  }

  private static Map<String, Row> byId(List<Row> results) {
    return results.stream().collect(Collectors.toMap(row -> row.getAs("id"), row -> row));
  }

  @Test
  void aLostExecutorAndARestartedDriverChangeNoByteAndLoseNobody() throws Exception {
    List<Row> rows = new SamplePeople(folder.resolve("photos")).rows(GOOD, PlainPeople.RECIPE);

    // The first driver ends after four people.
    double clusterSeconds;
    try (SparkSession spark = start("first")) {
      openOnAllExecutors(spark);
      Dataset<Row> four = SamplePeople.dataset(spark, rows.subList(0, FIRST));
      // The first query of a driver takes seconds, whatever it asks.
      assertEquals(FIRST, four.collectAsList().size());
      long begin = System.nanoTime();
      List<Row> first = job(spark).run(four).collectAsList();
      clusterSeconds = (System.nanoTime() - begin) / 1e9;
      first.forEach(row -> assertEquals("done", row.getAs("status"), row.toString()));
    }

    // The second driver has all twelve people, and one of its executors is killed.
    Map<String, Row> results;
    try (SparkSession spark = start("second")) {
      CompletableFuture<String> killed = CompletableFuture.supplyAsync(this::killAnExecutor);
      List<Row> all = job(spark).run(SamplePeople.dataset(spark, rows)).collectAsList();
      String person = killed.get(1, TimeUnit.SECONDS);
      assertEquals(
          rows.stream().map(row -> row.getString(0)).toList(),
          all.stream().map(row -> row.<String>getAs("id")).toList(),
          "nobody may be lost, and nobody may come twice");
      results = byId(all);
      assertTrue(results.get(person).<Integer>getAs("resumed_from") >= 8, "resumed " + person);
      assertTrue(
          metrics(results.get(person)).get("attempt") instanceof Integer number && number > 0);
    }
    for (int i = 0; i < GOOD; i++) {
      Row row = results.get(String.format("p%02d", i));
      assertEquals("done", row.getAs("status"), row.toString());
      assertEquals(i < FIRST, row.<Boolean>getAs("reused"), row.toString());
    }
    assertEquals("refused", results.get("broken").getAs("status"));
    assertEquals("refused", results.get("faceless").getAs("status"));
    assertTrue(new HashSet<>(processes(results)).size() >= 4, "both drivers had two executors");

    double plainSeconds = runPlain(rows);
    for (int i = 0; i < GOOD; i++) {
      requireSameBytes(String.format("p%02d", i), results);
    }
    System.out.printf(
        "throughput: %d people took %.1f s on two executors and %.1f s in two plain processes:"
            + " ratio %.2f%n",
        FIRST, clusterSeconds, plainSeconds, plainSeconds / clusterSeconds);

    try (TwoAttempts cluster = TwoAttempts.start(folder)) {
      requireSameBytes("p00", byId(List.of(cluster.requireOneResult(rows.get(0)))));
      cluster.requireCounters();
      cluster.requireSmallerBatches();
      ErasureReceipt receipt = job(cluster.spark()).erase("p00");
      assertTrue(receipt.files() >= 4, receipt.toString());
    }
    assertFalse(Files.exists(folder.resolve("out/people/p00")));
    assertTrue(Files.exists(folder.resolve("out/people/p01")));
  }

  /**
   * Opens the base model in both executors, so that the time of the first people is that of work.
   */
  private static void openOnAllExecutors(SparkSession spark) {
    JobSettings settings = JobSettings.on(PortraitModel::files).device("cpu").dtype("f32");
    JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(List.of(1, 2), 2)
        .foreach(number -> {
          ExecutorModel.get(settings, () -> {});
          Thread.sleep(2000);
        });
  }

  /** Kills the executor of a person whose training has saved a state, and returns the person. */
  private String killAnExecutor() {
    try {
      while (true) {
        Thread.sleep(100);
        Optional<Path> work = inTraining();
        if (work.isEmpty()) {
          continue;
        }
        Optional<Path> begun = entry(work.get(), "begun-");
        if (begun.isEmpty()) {
          continue;
        }
        long pid = Long.parseLong(Files.readString(begun.get()).strip());
        List<Long> executors =
            LocalCluster.executors().stream().map(ProcessHandle::pid).toList();
        assertTrue(executors.contains(pid), pid + " is no executor of " + executors);
        new ProcessBuilder("kill", "-9", Long.toString(pid)).inheritIO().start().waitFor();
        return work.get().getParent().getFileName().toString();
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Returns the work folder of a training with its first state, which goes on for 16 more steps.
   */
  private Optional<Path> inTraining() throws IOException {
    Path work = folder.resolve("out/_work");
    if (!Files.isDirectory(work)) {
      return Optional.empty();
    }
    try (Stream<Path> all = Files.walk(work, 3)) {
      return all.filter(file -> file.getFileName().toString().equals("state-000008.safetensors"))
          .map(Path::getParent)
          .findFirst();
    } catch (java.io.UncheckedIOException changed) {
      return Optional.empty();
    }
  }

  private static Optional<Path> entry(Path folder, String prefix) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.getFileName().toString().startsWith(prefix))
          .findFirst();
    }
  }

  private static Map<String, Object> metrics(Row row) throws IOException {
    List<String> paths = row.getList(4);
    return JSON.std.mapFrom(Files.readString(Path.of(URI.create(paths.get(paths.size() - 1)))));
  }

  private static List<Object> processes(Map<String, Row> results) throws IOException {
    List<Object> processes = new ArrayList<>();
    for (Row row : results.values()) {
      if (row.getAs("status").equals("done")) {
        processes.add(metrics(row).get("process"));
      }
    }
    return processes;
  }

  private void requireSameBytes(String id, Map<String, Row> results) throws IOException {
    List<String> paths = results.get(id).getList(4);
    Path cluster = Path.of(URI.create(paths.get(0))).getParent();
    Path plain = folder.resolve("plain").resolve(id);
    try (Stream<Path> files = Files.list(plain)) {
      for (Path file : files.toList()) {
        if (file.getFileName().toString().equals(ShootRecord.FILE)) {
          Map<String, Object> record = JSON.std.mapFrom(Files.readString(file));
          record.remove("created");
          assertEquals(
              record, JSON.std.mapFrom(Files.readString(cluster.resolve(ShootRecord.FILE))));
          continue;
        }
        assertArrayEquals(
            Files.readAllBytes(file),
            Files.readAllBytes(cluster.resolve(file.getFileName())),
            id + " " + file.getFileName());
      }
    }
    assertTrue(Files.exists(plain.resolve("headshot-001.png")));
  }

  /** Runs two plain processes side by side, and returns their seconds for the first four people. */
  private double runPlain(List<Row> rows) throws Exception {
    List<Process> processes = new ArrayList<>();
    List<Path> logs = new ArrayList<>();
    for (int half = 0; half < 2; half++) {
      List<String> command = new ArrayList<>(List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Djava.awt.headless=true",
          "-Xmx1g",
          "-cp",
          LocalCluster.classPath(),
          PlainPeople.class.getName(),
          folder.resolve("plain").toString()));
      for (int i = half; i < GOOD; i += 2) {
        command.add(folder.resolve("photos").resolve(rows.get(i).getString(0)).toString());
      }
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("OMP_NUM_THREADS", "1");
      builder.environment().put("OPENBLAS_NUM_THREADS", "1");
      Path log = folder.resolve("plain-" + half + ".log");
      logs.add(log);
      processes.add(builder.redirectOutput(log.toFile()).start());
    }
    double seconds = 0;
    for (int half = 0; half < 2; half++) {
      assertEquals(0, processes.get(half).waitFor(), Files.readString(logs.get(half)));
      List<String> lines = Files.readAllLines(logs.get(half));
      long open = time(lines, "open ", 0);
      seconds = Math.max(seconds, (time(lines, "done ", FIRST / 2 - 1) - open) / 1e3);
    }
    return seconds;
  }

  private static long time(List<String> lines, String start, int index) {
    String line = lines.stream().filter(each -> each.startsWith(start)).toList().get(index);
    return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
  }
}
