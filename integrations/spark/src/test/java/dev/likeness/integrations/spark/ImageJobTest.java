package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.style.Style;
import dev.likeness.portrait.PortraitModel;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageJobTest {
  private static final StructType REQUESTS = new StructType()
      .add("prompt", DataTypes.StringType)
      .add("seed", DataTypes.LongType)
      .add("steps", DataTypes.IntegerType)
      .add("lora", DataTypes.StringType);

  @TempDir
  static Path folder;

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
        .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static ImageJob job(String out) {
    return ImageJob.on(spark, PortraitModel::files, folder.resolve(out).toUri().toString())
        .device("cpu")
        .dtype("f32")
        .batch(1);
  }

  private static Row request(String prompt, long seed, String lora) {
    return RowFactory.create(prompt, seed, 2, lora);
  }

  @Test
  void imagesKeepTheOrderOfTheRequestsAndEqualThoseOfOneMachine() throws Exception {
    List<Row> asked = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      asked.add(request("portrait of a man, number " + i, 10 - i, null));
      asked.add(
          request("portrait of a woman, number " + i, i, i == 1 ? "/nowhere.safetensors" : null));
    }
    Dataset<Row> requests = spark.createDataFrame(asked, REQUESTS);
    List<Row> results = job("images").run(requests).collectAsList();
    assertEquals(
        asked.stream().map(row -> row.getString(0)).toList(),
        results.stream().map(row -> row.<String>getAs("prompt")).toList());
    Set<Object> paths = new HashSet<>();
    for (int i = 0; i < results.size(); i++) {
      Row row = results.get(i);
      assertEquals((long) i, row.<Long>getAs("index"));
      if (i == 3) {
        assertNull(row.getAs("path"));
        assertEquals(
            "the LoRA does not exist; correct its URI, or copy the file there",
            row.getAs("reason"));
      } else {
        assertNull(row.getAs("reason"));
        paths.add(row.getAs("path"));
      }
    }
    assertEquals(5, paths.size());
    Path third = Path.of(URI.create(results.get(2).getAs("path")));
    byte[] image = Files.readAllBytes(third);
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"))) {
      assertArrayEquals(
          base.generate(ImageRequest.of("portrait of a man, number 1").seed(9).steps(2))
              .toPng(),
          image);
    }

    long written = Files.getLastModifiedTime(third).toMillis();
    assertEquals(
        results.get(2).<String>getAs("path"),
        job("images").run(requests).collectAsList().get(2).getAs("path"));
    assertEquals(written, Files.getLastModifiedTime(third).toMillis(), "it is not generated again");
  }

  @Test
  void aGridHasAllCombinationsInOrder() {
    List<Row> rows = new ImageGrid(List.of("a", "b"), List.of(1L, 2L), Map.of("x.safetensors", 0.5))
        .requests(spark)
        .collectAsList();
    assertEquals(
        List.of("a 1", "a 2", "b 1", "b 2"),
        rows.stream().map(row -> row.getString(0) + " " + row.getLong(1)).toList());
    assertEquals(0.5, rows.get(0).getDouble(3));
    assertEquals(
        2,
        new ImageGrid(List.of("a"), List.of(1L, 2L), Map.of()).requests(spark).count());
  }

  @Test
  void evaluationMeasuresLikenessAndAdherence() throws Exception {
    Path photos = new SamplePeople(folder.resolve("photos")).photos(0);
    List<String> references;
    try (var files = Files.list(photos)) {
      references = files.sorted().map(file -> file.toUri().toString()).toList();
    }
    StructType images = new StructType()
        .add("path", DataTypes.StringType)
        .add("prompt", DataTypes.StringType)
        .add("references", DataTypes.createArrayType(DataTypes.StringType));
    Path selfie = SamplePeople.samples().resolve("selfie-09.jpg");
    Path flat = new SamplePeople(folder.resolve("flat")).badPhotos("flat", false);
    List<Row> rows = List.of(
        RowFactory.create(
            selfie.toUri().toString(),
            Style.named("studio").prompt("a man", 0),
            references.toArray(new String[0])),
        RowFactory.create(
            flat.resolve("photo-1.png").toUri().toString(),
            null,
            references.toArray(new String[0])),
        RowFactory.create("/nowhere.png", null, null));
    List<Row> measured = ImageEvaluation.on(spark, PortraitModel::files)
        .device("cpu")
        .dtype("f32")
        .run(spark.createDataFrame(rows, images))
        .collectAsList();
    assertEquals(
        rows.stream().map(row -> row.getString(0)).toList(),
        measured.stream().map(row -> row.getString(0)).toList());
    assertNull(measured.get(0).getAs("reason"));
    assertTrue(measured.get(0).<Double>getAs("likeness") > 0.5, measured.get(0).toString());
    assertFalse(measured.get(0).isNullAt(2), measured.get(0).toString());
    double adherence = measured.get(0).<Double>getAs("adherence");
    assertTrue(adherence >= 0 && adherence <= 1, "adherence " + adherence);
    assertNull(measured.get(1).getAs("likeness"), "there is no face");
    assertEquals(
        "the image does not exist; correct its URI, or copy the file there",
        measured.get(2).getAs("reason"));
  }
}
