package dev.likeness.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.PortraitModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadshotJobTest {
  private static final Map<String, String> SHORT = Map.of(
      "count",
      "2",
      "keep",
      "1",
      "steps",
      "4",
      "train-steps",
      "6",
      "rank",
      "4",
      "face-guidance",
      "false");

  @TempDir
  static Path folder;

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = SparkSession.builder()
        .master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
        .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static HeadshotJob job(Path out) {
    return HeadshotJob.on(spark, PortraitModel::files, out.toUri().toString())
        .compute("cpu", "f32");
  }

  private static Map<String, Row> run(HeadshotJob job, List<Row> rows) {
    List<Row> results = job.run(SamplePeople.dataset(spark, rows)).collectAsList();
    assertEquals(rows.size(), results.size());
    return results.stream().collect(Collectors.toMap(row -> row.getAs("id"), row -> row));
  }

  @Test
  void bringsEveryPersonToAResultAndRepeatsNothing() throws Exception {
    Path out = folder.resolve("out");
    List<Row> rows = new SamplePeople(folder.resolve("photos")).rows(1, SHORT);
    Map<String, Row> first = run(job(out), rows);

    assertEquals("done", first.get("p00").getAs("status"));
    assertEquals("refused", first.get("broken").getAs("status"));
    assertEquals("refused", first.get("faceless").getAs("status"));
    assertTrue(first
        .get("broken")
        .getList(2)
        .get(0)
        .toString()
        .startsWith("none of the 4 photos can be used"));
    assertTrue(first.get("p00").<Double>getAs("likeness") > 0);
    List<String> paths = first.get("p00").getList(4);
    assertEquals(
        List.of("headshot-001.png", "record.json", "person.safetensors", "metrics.json"),
        paths.stream().map(path -> path.substring(path.lastIndexOf('/') + 1)).toList());
    for (String path : paths) {
      assertTrue(Files.size(Path.of(java.net.URI.create(path))) > 0);
    }
    assertFalse(Files.exists(out.resolve("_work/p00")), "nothing unfinished may stay");

    Map<String, Row> again = run(job(out), rows);
    assertTrue(again.get("p00").<Boolean>getAs("reused"));
    assertEquals(paths, again.get("p00").getList(4));

    Map<String, String> other = new HashMap<>(SHORT);
    other.put("seed", "7");
    Map<String, Row> anew =
        run(job(out), List.of(SamplePeople.row("p00", folder.resolve("photos/p00"), other)));
    assertFalse(anew.get("p00").<Boolean>getAs("reused"));
    try (var versions = Files.list(out.resolve("people/p00"))) {
      assertEquals(1, versions.filter(Files::isDirectory).count(), "the old version is deleted");
    }
  }
}
