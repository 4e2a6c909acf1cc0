package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of photos stay in the rows, and erased people stay erased, in whole jobs. */
class PrivatePhotosTest {
  private static final String NAME = "ada-at-the-beach";
  private static final Map<String, String> SHORT = Map.of(
      "count",
      "1",
      "keep",
      "1",
      "steps",
      "2",
      "train-steps",
      "2",
      "rank",
      "2",
      "face-guidance",
      "false");

  @TempDir
  static Path folder;

  private static SparkSession spark;
  private static final List<String> LOGGED = Collections.synchronizedList(new ArrayList<>());
  private static final AbstractAppender LOG =
      new AbstractAppender("seen", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
          LOGGED.add(event.getMessage().getFormattedMessage());
          for (Throwable e = event.getThrown(); e != null; e = e.getCause()) {
            LOGGED.add(String.valueOf(e));
          }
        }
      };

  @BeforeAll
  static void start() {
    // Two attempts for each task, so that Spark logs the exception of the first.
    spark = SparkSession.builder()
        .master("local[1,2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
        .getOrCreate();
    WatchedFileSystem.addTo(spark.sparkContext().hadoopConfiguration());
    LoggerContext context = (LoggerContext) LogManager.getContext(false);
    LOG.start();
    context.getConfiguration().getRootLogger().addAppender(LOG, Level.INFO, null);
    context.getConfiguration().getRootLogger().setLevel(Level.INFO);
    context.updateLoggers();
  }

  @AfterAll
  static void stop() {
    ((LoggerContext) LogManager.getContext(false))
        .getConfiguration()
        .getRootLogger()
        .removeAppender("seen");
    spark.stop();
  }

  private static HeadshotJob job(Path out) {
    return HeadshotJob.on(spark, PortraitModel::files, WatchedFileSystem.uri(out))
        .device("cpu")
        .dtype("f32");
  }

  private static Map<String, Row> run(HeadshotJob job, Row... rows) {
    return job.run(SamplePeople.dataset(spark, List.of(rows))).collectAsList().stream()
        .collect(Collectors.toMap(row -> row.getAs("id"), row -> row));
  }

  private static Row row(String id, String... uris) {
    return RowFactory.create(
        id,
        Consent.synthetic().toJson(),
        uris,
        new String[] {"studio"},
        scala.jdk.javaapi.CollectionConverters.asScala(SHORT));
  }

  /** Photos of a person under telling names. */
  private static Path named(String parent) throws IOException {
    Path plain = new SamplePeople(folder.resolve(parent)).photos(0);
    try (var files = Files.list(plain)) {
      for (Path file : files.toList()) {
        Files.move(file, file.resolveSibling(NAME + "-" + file.getFileName()));
      }
    }
    return plain;
  }

  @Test
  void namesOfPhotosComeNeitherIntoLogsNorResultsNorFiles() throws IOException {
    Path photos = named("quiet");
    Files.writeString(photos.resolve(NAME + "-z.jpg"), "no photo");
    Path denied = Files.writeString(folder.resolve(NAME + "-denied.png"), "x");
    WatchedFileSystem.on(event -> {
      if (event.equals("open " + NAME + "-denied.png")) {
        throw new IOException("Permission denied: " + denied);
      }
    });
    LOGGED.clear();
    Path out = folder.resolve("quiet-out");
    Map<String, Row> results = run(
        job(out),
        row("whole", WatchedFileSystem.uri(photos)),
        row("denied", WatchedFileSystem.uri(denied)),
        row("missing", WatchedFileSystem.uri(folder.resolve(NAME + "-none.png"))),
        row("scheme", "http://host/" + NAME + ".png"),
        row("broken", NAME + ":1.png"),
        row("no-photo", WatchedFileSystem.uri(photos.resolve(NAME + "-z.jpg"))));

    assertEquals("done", results.get("whole").getAs("status"), results.toString());
    assertTrue(
        results.get("whole").getList(2).stream()
            .anyMatch(reason -> reason.toString().startsWith("photo 5: ")),
        results.toString());
    assertEquals("failed", results.get("denied").getAs("status"));
    assertEquals(
        "photo 1 cannot be read (IOException); check its permissions and the file system",
        results.get("denied").getList(2).get(0));
    for (String id : List.of("missing", "scheme", "broken", "no-photo")) {
      assertEquals("refused", results.get(id).getAs("status"), id);
    }
    results.values().forEach(row -> assertFalse(row.toString().contains(NAME), row.toString()));
    assertTrue(
        LOGGED.stream().anyMatch(line -> line.contains("the attempt failed and is repeated")),
        "the log must have the failure of the first attempt");
    LOGGED.forEach(line -> assertFalse(line.contains(NAME), line));
    try (var files = Files.walk(out)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String content = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertFalse(content.contains(NAME), file.toString());
      }
    }
  }

  @Test
  void aPersonWhoIsErasedWhileTheTaskLoadsIsNotWritten() throws IOException {
    Path photos = named("erased");
    Path out = folder.resolve("erased-out");
    HeadshotJob job = job(out);
    AtomicInteger opened = new AtomicInteger();
    WatchedFileSystem.on(event -> {
      if (event.startsWith("open " + NAME) && opened.incrementAndGet() == 2) {
        job.erase("ada");
      }
    });
    Row result = run(job, row("ada", WatchedFileSystem.uri(photos))).get("ada");
    assertEquals("refused", result.getAs("status"), result.toString());
    assertEquals(
        "the person was erased, or given to another job with other options, during the work",
        result.getList(2).get(0));
    assertFalse(Files.exists(out.resolve("people")));
    assertFalse(Files.exists(out.resolve("_work")));
    assertEquals(4, opened.get());
  }

  @Test
  void aDamagedMetricsFileRefusesItsPersonAlone() throws IOException {
    Path photos = named("damaged");
    Path out = folder.resolve("damaged-out");
    Row row = row("ada", WatchedFileSystem.uri(photos));
    assertEquals("done", run(job(out), row).get("ada").getAs("status"));
    Path metrics;
    try (var files = Files.walk(out)) {
      metrics = files.filter(file -> file.endsWith("metrics.json")).findFirst().orElseThrow();
    }
    Files.writeString(metrics, "{\"files\": {}}");
    Row again = run(job(out), row).get("ada");
    assertEquals("refused", again.getAs("status"));
    assertEquals(
        "metrics.json in the folder " + metrics.getParent().getFileName()
            + " of this person is damaged: reasons cannot be read; delete this folder and run the"
            + " job again, or erase the person",
        again.getList(2).get(0));
    job(out).erase("ada");
    assertEquals("done", run(job(out), row).get("ada").getAs("status"));
  }
}
