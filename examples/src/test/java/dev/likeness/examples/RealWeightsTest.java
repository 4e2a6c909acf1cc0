package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.TinyBase;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ExitStatus;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.likeness.ConfidenceInterval;
import dev.likeness.photos.likeness.LikenessReport;
import dev.likeness.photos.likeness.LikenessScore;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The program behind {@code examples/bin/real-weights}, on a base that draws noise. */
@ExtendWith(NoTensorLeaks.class)
class RealWeightsTest {
  @TempDir
  private Path folder;

  @BeforeAll
  static void useOpenCvOnce() {
    // OpenCV keeps a few objects of its own from its first use on.
    try (ReviewTools tools = ReviewTools.builtIn()
        .withDetector(Material.of("faces/yunet_n_640_640.onnx"))
        .withEmbedder(Material.of("faces/mobileface_v2_112.onnx"), UsePolicy.NON_COMMERCIAL)) {
      PhotoReview.of(
          PhotoSet.of(List.of(Photo.of(Material.of("photos/people/examples__obama_small.jpg")))),
          tools);
    }
  }

  private final StringWriter out = new StringWriter();
  private final Cancellation cancellation = new Cancellation();
  private Runnable seen = () -> {};
  private final StringWriter err = new StringWriter() {
    @Override
    public void write(String text, int offset, int length) {
      super.write(text, offset, length);
      seen.run();
    }
  };

  @Test
  void trainsGeneratesAndMeasuresByHeldOutPhotos() throws IOException {
    Path photos = photos("photos", "tests__test_images__obama2", "examples__obama_small");
    Path heldBack = photos("held", "examples__knn_examples__test__obama1", "examples__obama2");
    assertEquals(0, run(TinyBase.in(folder), photos, heldBack), err.toString());
    assertTrue(out.toString().contains("2 of 2 photos can be used"), out.toString());
    assertTrue(
        out.toString()
            .contains("  examples__obama2.jpg is ignored: it is nearly the same shot as "
                + "tests__test_images__obama2.jpg"),
        out.toString());
    assertTrue(
        out.toString()
            .endsWith("headshot-001.png  no face was found\nheadshot-002.png  no face was found\n"
                + "no face was found in the images\n"),
        out.toString());
    assertEquals(
        List.of("headshot-001.png", "headshot-002.png", "person.safetensors"),
        TinyBase.namesIn(folder.resolve("out")));
  }

  @Test
  void keepsImagesFinishedBeforeItWasStopped() throws IOException {
    seen = () -> {
      if (Files.exists(folder.resolve("out/headshot-001.png"))) {
        cancellation.cancel();
      }
    };
    assertEquals(
        ExitStatus.CANCELLED.code(),
        run(
            TinyBase.in(folder),
            photos("photos", "examples__obama_small"),
            photos("held", "examples__knn_examples__test__obama1")),
        err.toString());
    assertEquals(
        List.of("headshot-001.png", "person.safetensors"), TinyBase.namesIn(folder.resolve("out")));
  }

  @Test
  void checksItsOutputBeforeItReadsAPhoto() throws IOException {
    Files.createFile(folder.resolve("out"));
    assertEquals(ExitStatus.MACHINE.code(), run(folder, folder, folder), err.toString());
  }

  @Test
  void refusesIfEveryPhotoIsInTheTrainingSet() throws IOException {
    Path photos = photos("photos", "examples__obama_small");
    assertEquals(3, run(folder.resolve("no base is opened"), photos, photos));
    assertEquals(
        "likeness: no photo is left for validation; hold back photos that are not in the training set\n",
        err.toString());
  }

  @Test
  void saysHowItIsUsed() {
    assertEquals(2, program().run("BASE"));
    assertEquals(
        "likeness: usage: real-weights BASE PHOTOS HELD_BACK YUNET.onnx EMBEDDER.onnx OUT\n",
        err.toString());
  }

  @Test
  void reportsTheHighestLikenessFirst() {
    ConfidenceInterval any = new ConfidenceInterval(0.4, 0.63);
    LikenessReport report = new LikenessReport(
        List.of(
            new LikenessScore(false, Double.NaN, Double.NaN, Double.NaN, any),
            new LikenessScore(true, 0.41, 0.1, Double.NaN, any),
            new LikenessScore(true, 0.62, 0.5, Double.NaN, any)),
        0.515,
        any,
        0.7,
        true,
        Optional.empty(),
        "as similar as two of the person's own photos");
    assertEquals(
        List.of(
            "headshot-003.png   0.62, more similar than 50 % of the pairs of own photos",
            "headshot-002.png   0.41, more similar than 10 % of the pairs of own photos",
            "headshot-001.png  no face was found",
            "mean 0.52 (0.40 to 0.63); mean of pairs of own photos: 0.70",
            "as similar as two of the person's own photos"),
        RealWeights.lines(report));
  }

  private int run(Path base, Path photos, Path heldBack) {
    return program()
        .run(
            base.toString(),
            photos.toString(),
            heldBack.toString(),
            Material.of("faces/yunet_n_640_640.onnx").toString(),
            Material.of("faces/mobileface_v2_112.onnx").toString(),
            folder.resolve("out").toString());
  }

  private RealWeights program() {
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false, cancellation);
    return new RealWeights(
        console,
        studio -> studio.training(usual -> usual.steps(2)),
        ShootRequest.of(Style.named("studio"), 2).steps(2));
  }

  private Path photos(String name, String... people) throws IOException {
    Path photos = Files.createDirectories(folder.resolve(name));
    for (String person : people) {
      Files.copy(Material.of("photos/people/" + person + ".jpg"), photos.resolve(person + ".jpg"));
    }
    return photos;
  }
}
