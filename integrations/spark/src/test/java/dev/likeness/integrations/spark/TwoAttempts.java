package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.status.AppStatusStore;
import org.apache.spark.status.api.v1.StageData;
import org.apache.spark.status.api.v1.TaskData;
import scala.jdk.javaapi.CollectionConverters;

/** A cluster of two hosts that runs a second attempt of every task after two seconds. */
final class TwoAttempts implements AutoCloseable {
  private static final int MEMORY = 4096;

  private final Path folder;
  private final TwoHosts hosts;
  private final SparkSession spark;

  private TwoAttempts(Path folder) {
    this.folder = folder;
    hosts = TwoHosts.start(MEMORY, folder.resolve("hosts"));
    spark = LocalCluster.builder(2, 1, MEMORY, folder.resolve("speculation"))
        .master(hosts.master())
        .config("spark.speculation", "true")
        .config("spark.speculation.interval", "200ms")
        .config("spark.speculation.task.duration.threshold", "2s")
        .getOrCreate();
  }

  static TwoAttempts start(Path folder) {
    return new TwoAttempts(folder);
  }

  SparkSession spark() {
    return spark;
  }

  /** Runs one person, and requires that two attempts of it have left one complete folder. */
  Row requireOneResult(Row person) throws Exception {
    Path out = folder.resolve("twice");
    List<Row> results = HeadshotJob.on(spark, PortraitModel::files, out.toUri().toString())
        .device("cpu")
        .dtype("f32")
        .saveInterval(8)
        .run(SamplePeople.dataset(spark, List.of(person)))
        .collectAsList();
    assertEquals(1, results.size());
    assertEquals("done", results.get(0).getAs("status"), results.toString());
    List<TaskData> attempts = ended();
    assertEquals(2, attempts.size(), "Spark has started a second attempt");
    assertEquals(1, attempts.stream().filter(TaskData::speculative).count());
    assertEquals(
        List.of("127.0.0.1", "127.0.0.2"),
        attempts.stream().map(TaskData::host).sorted().toList());
    assertEquals(
        1, attempts.stream().filter(task -> task.status().equals("SUCCESS")).count());
    try (Stream<Path> versions = Files.list(out.resolve("people").resolve(person.getString(0)))) {
      assertEquals(1, versions.filter(Files::isDirectory).count(), "one attempt writes the folder");
    }
    assertFalse(hasEntries(out.resolve("_work")), "nothing unfinished stays");
    return results.get(0);
  }

  private static boolean hasEntries(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isPresent();
    }
  }

  /** Waits until the attempt that was too slow has ended, and returns both. */
  private List<TaskData> ended() throws InterruptedException {
    StageData stage = stageOf("likeness: done");
    List<TaskData> tasks = List.of();
    for (int i = 0; i < 600; i++) {
      tasks =
          CollectionConverters.asJava(store().taskList(stage.stageId(), stage.attemptId(), 100));
      if (tasks.stream().noneMatch(task -> task.status().equals("RUNNING"))) {
        return tasks;
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    return tasks;
  }

  /** The counters of the person as Spark's web UI and REST API show them: each counted once. */
  void requireCounters() {
    Map<String, String> shown = counters(stageOf("likeness: done"));
    assertEquals("1", shown.get("likeness: done"), shown.toString());
    assertEquals(PlainPeople.RECIPE.get("keep"), shown.get("likeness: images"), shown.toString());
    assertTrue(Long.parseLong(shown.get("likeness: training steps")) > 0, shown.toString());
    assertTrue(Double.parseDouble(shown.get("likeness: seconds of work")) > 0, shown.toString());
    assertFalse(shown.containsKey("likeness: failed"), shown.toString());
  }

  /** A full memory inside a task means smaller batches there, and neither a lost task nor a job. */
  void requireSmallerBatches() {
    JobCounters counters = JobCounters.of(spark.sparkContext());
    List<Integer> results = JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(List.of(7), 1)
        .flatMap(count -> {
          List<Integer> items = Stream.iterate(0, i -> i + 1).limit(count).toList();
          return SmallerBatch.compute(
                  items,
                  8,
                  TwoAttempts::squares,
                  () -> counters.smallerBatches().add(1))
              .iterator();
        })
        .collect();
    assertEquals(List.of(0, 1, 4, 9, 16, 25, 36), results);
    StageData stage = stageOf("likeness: smaller batches");
    assertEquals("2", counters(stage).get("likeness: smaller batches"));
    assertEquals(0, stage.numFailedTasks());
  }

  private static List<Integer> squares(List<Integer> items) {
    if (items.size() > 2) {
      throw new ResourceLimitException("the device is out of memory (2.00 GiB more were needed)");
    }
    return items.stream().map(i -> i * i).toList();
  }

  /** Returns the last stage with a counter; Spark lists stages in no order. */
  private StageData stageOf(String counter) {
    return CollectionConverters.asJava(store()
            .stageList(
                null, false, false, store().stageList$default$4(), store().stageList$default$5()))
        .stream()
        .filter(stage -> counters(stage).containsKey(counter))
        .max(Comparator.comparingInt(StageData::stageId))
        .orElseThrow();
  }

  // Spark updates the store on another thread, some time after an action has returned.
  private AppStatusStore store() {
    try {
      spark.sparkContext().listenerBus().waitUntilEmpty();
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
    return spark.sparkContext().statusStore();
  }

  private static Map<String, String> counters(StageData stage) {
    return CollectionConverters.asJava(stage.accumulatorUpdates()).stream()
        .collect(Collectors.toMap(each -> each.name(), each -> each.value(), (a, b) -> b));
  }

  @Override
  public void close() {
    spark.stop();
    hosts.close();
  }
}
