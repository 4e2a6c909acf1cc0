package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.portrait.PortraitModel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
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
        .device("cpu")
        .dtype("f32");
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

  @Test
  void encodesThePhotosForAnIdentityMethodOfAFolder() throws Exception {
    Path photos = new SamplePeople(folder.resolve("encoded-photos")).photos(0);
    Path packed = PortraitModel.files().resolve("ip_adapter");
    Path adapter = folder.resolve("identity");
    try (var files = Files.walk(packed)) {
      for (Path file : files.toList()) {
        Files.copy(file, adapter.resolve(packed.relativize(file).toString()));
      }
    }
    HeadshotJob job = job(folder.resolve("encoded")).identity(adapter.toString());
    Map<String, String> options = Map.of("count", "1", "steps", "4", "face-guidance", "false");
    Map<String, Row> first = run(job, List.of(SamplePeople.row("ada", photos, options)));
    assertEquals("done", first.get("ada").getAs("status"), first.toString());
    List<String> paths = first.get("ada").getList(4);
    assertEquals(
        List.of("headshot-001.png", "record.json", "person-ipadapter.safetensors", "metrics.json"),
        paths.stream().map(path -> path.substring(path.lastIndexOf('/') + 1)).toList());
    String record = Files.readString(Path.of(java.net.URI.create(paths.get(1))));
    assertTrue(record.contains("\"ip_adapter\" : \"ip-adapter.safetensors\""), record);
    assertTrue(run(job, List.of(SamplePeople.row("ada", photos, options)))
        .get("ada")
        .<Boolean>getAs("reused"));
    Row refused = run(job, List.of(SamplePeople.row("bo", photos, Map.of("train-steps", "4"))))
        .get("bo");
    assertEquals("refused", refused.getAs("status"));
    assertEquals(
        "the option \"train-steps\" sets a training, but this job encodes the photos for"
            + " ip-adapter.safetensors; leave the option out",
        refused.getList(2).get(0));
  }

  /** An adapter of faces with 512 numbers is one of InsightFace's embedders, by its header. */
  @Test
  void refusesAnIdentityMethodWhoseLicenceForbidsTheUse() throws Exception {
    Path photos = new SamplePeople(folder.resolve("research-photos")).photos(0);
    Path packed = PortraitModel.files().resolve("ip_adapter");
    Path adapter = folder.resolve("research");
    try (var files = Files.walk(packed)) {
      for (Path file : files.toList()) {
        Files.copy(file, adapter.resolve(packed.relativize(file).toString()));
      }
    }
    Path file = adapter.resolve("ip-adapter.safetensors");
    Files.writeString(
        file,
        Files.readString(file, StandardCharsets.ISO_8859_1)
            .replaceFirst("(proj\\.0\\.weight\":\\{[^}]*)\\[256,128\\]", "$1[64, 512]"),
        StandardCharsets.ISO_8859_1);
    HeadshotJob job = job(folder.resolve("sold")).identity(adapter.toString()).commercial();
    List<Row> rows = List.of(SamplePeople.row("ada", photos, Map.of("count", "1")));
    Row failed = run(job, rows).get("ada");
    assertEquals("failed", failed.getAs("status"), failed.toString());
    assertTrue(
        failed
            .getList(2)
            .toString()
            .contains("is an IP-Adapter FaceID Portrait, whose licence (non-commercial research"
                + " only) forbids commercial use"),
        failed::toString);
  }

  @Test
  void aRowThatCannotBeUsedFailsItsPersonAlone() throws Exception {
    SamplePeople people = new SamplePeople(folder.resolve("rows"));
    Path photos = people.badPhotos("any", true);
    List<Row> rows = List.of(
        SamplePeople.row("option", photos, Map.of("stepps", "4")),
        SamplePeople.row("number", photos, Map.of("steps", "four")),
        SamplePeople.row("keep", photos, Map.of("count", "2", "keep", "3")),
        SamplePeople.row("twice", photos, Map.of("seed", "1")),
        SamplePeople.row("twice", photos, Map.of("seed", "2")),
        RowFactory.create("dateless", "my words", new String[] {"/x.png"}, null, null),
        RowFactory.create("silent", null, new String[] {"/x.png"}, null, null),
        RowFactory.create("empty", Consent.synthetic().toJson(), new String[0], null, null),
        RowFactory.create(
            "gone", Consent.synthetic().toJson(), new String[] {"/nowhere/x.png"}, null, null),
        RowFactory.create(null, Consent.synthetic().toJson(), new String[] {"/x.png"}, null, null));
    List<Row> results =
        job(folder.resolve("refused")).run(SamplePeople.dataset(spark, rows)).collectAsList();
    List<String> reasons = results.stream()
        .map(row ->
            row.getAs("status") + " " + row.getAs("id") + ": " + row.getList(2).get(0))
        .toList();
    assertEquals(
        List.of(
            "refused option: unknown option \"stepps\"; known: batch-size, count, face-guidance,"
                + " guidance, identity-strength, keep, rank, seed, size, steps, train-steps, variant, and"
                + " trait.NAME",
            "refused number: the option \"steps\" must be a whole number, got \"four\"; correct or"
                + " omit the option",
            "refused keep: cannot keep 3 headshots; keep at least 1, and at most the number of"
                + " generated headshots, 2",
            "refused twice: 2 different rows have this id; give one row for each person",
            "refused twice: 2 different rows have this id; give one row for each person",
            "refused dateless: the consent has no date; give the column \"consent_given\", such as"
                + " 2026-11-20T09:00:00Z",
            "refused silent: the row has no consent; give the person's words and their date, or the"
                + " JSON of Consent.toJson()",
            "refused empty: the row has no photos; give 3 to 20 photos of the person",
            "refused gone: entry 1 of the photos does not exist; correct its URI, or copy the file"
                + " there",
            "refused : the row has no id; give every person an id"),
        reasons);
  }

  @Test
  void aColumnThatIsMissingEndsTheJobAtOnce() {
    InvalidInputException missing = assertThrows(
        InvalidInputException.class,
        () -> job(folder.resolve("none")).run(spark.range(1).toDF()));
    assertEquals(
        "the people have no column \"consent\"; give the columns id, consent and photos, and if"
            + " needed consent_given, style and options",
        missing.getMessage());
  }

  /** Attempts whose process died leave their marks. The last attempt then does not risk the job. */
  @Test
  void aPersonDuringWhomProcessesDieEndsBeforeTheJobDoes() throws Exception {
    Path photos = new SamplePeople(folder.resolve("crash")).photos(0);
    Row row = SamplePeople.row("crash", photos, SHORT);
    List<PersonRow> parsed = PersonRow.collect(SamplePeople.dataset(spark, List.of(row)));
    SharedFiles files = new SharedFiles(spark.sparkContext().hadoopConfiguration(), Set.of("file"));
    List<PersonKey.PhotoFile> read =
        new ArrayList<>(NumberedPhotos.read(parsed.get(0).photos(), files));
    ExecutorModel model = ExecutorModel.get(
        JobSettings.on(PortraitModel::files).device("cpu").dtype("f32"), () -> {});
    String key = PersonKey.of(parsed.get(0), read, model);
    Path out = folder.resolve("crashes");
    Path work = Files.createDirectories(out.resolve("_work/crash").resolve(key));
    Files.createFile(work.resolve("begun-" + spark.sparkContext().applicationId() + "-7"));
    Row result = run(job(out), List.of(row)).get("crash");
    assertEquals("failed", result.getAs("status"));
    assertEquals(
        "the process of the executor ended 1 time during the work on this person; see the logs of"
            + " the executors",
        result.getList(2).get(0));

    read.set(0, new PersonKey.PhotoFile(read.get(0).name(), read.get(1).content()));
    assertNotEquals(key, PersonKey.of(parsed.get(0), read, model), "a changed photo is other work");
  }
}
