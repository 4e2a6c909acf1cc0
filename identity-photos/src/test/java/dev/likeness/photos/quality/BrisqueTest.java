package dev.likeness.photos.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_quality;
import org.bytedeco.opencv.opencv_quality.QualityBRISQUE;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrisqueTest {
  @TempDir
  private Path folder;

  private static final RgbImage GRAINY =
      Degraded.noisy(PaintedFace.image(256, 256, 128, 120, 100), 6);

  @Test
  void aBlurredImageIsLessNatural() {
    try (Brisque brisque = Brisque.builtIn()) {
      double sharp = brisque.score(GRAINY);
      double blurred = brisque.score(Degraded.blurred(GRAINY, 4));

      assertTrue(blurred > sharp + 20, sharp + " and " + blurred);
      assertEquals(sharp, brisque.score(GRAINY));
    }
  }

  @Test
  void leaksNoNativeMemory() {
    try (Brisque brisque = Brisque.builtIn()) {
      brisque.score(GRAINY);
    }
    long before = Pointer.totalCount();
    try (Brisque brisque = Brisque.builtIn()) {
      brisque.score(GRAINY);
    }
    assertEquals(before, Pointer.totalCount());
  }

  @Test
  void refusesFilesThatAreNotThere() {
    InvalidInputException refusal = assertThrows(
        InvalidInputException.class,
        () -> Brisque.open(Path.of("model.yml"), Path.of("range.yml")));

    assertEquals(
        "the BRISQUE file model.yml does not exist; give OpenCV's files brisque_model_live.yml"
            + " and brisque_range_live.yml",
        refusal.getMessage());
  }

  @Test
  void aFileOfOnesOwnScoresAsOpenCvReadsIt() {
    OpenCv.load(opencv_quality.class);
    String model = OpenCv.dataFile("quality/brisque_model_live.yml").getPath();
    String range = OpenCv.dataFile("quality/brisque_range_live.yml").getPath();
    try (PointerScope scope = new PointerScope();
        Brisque brisque = Brisque.open(Path.of(model), Path.of(range))) {
      assertEquals(
          QualityBRISQUE.create(model, range).compute(OpenCv.toBgr(GRAINY)).get(0),
          brisque.score(GRAINY));
    }
  }

  @Test
  void refusesFilesThatOpenCvWouldBelieve() throws IOException {
    OpenCv.load(opencv_quality.class);
    String model =
        Files.readString(OpenCv.dataFile("quality/brisque_model_live.yml").toPath());
    String range =
        Files.readString(OpenCv.dataFile("quality/brisque_range_live.yml").toPath());
    for (String broken : List.of(
        "",
        "<?xml version=\"1.0\"?><opencv_storage></opencv_storage>",
        range,
        model.replace("sv_total: 774", "sv_total: 99999"),
        model.replace("sv_total: 774", "sv_total: 773"),
        model.replace("sv_count: 774", "sv_count: 775"),
        model.replace("var_count: 36", "var_count: 1"),
        model.replace("type: RBF", "type: POLY"),
        model.replace("EPS_SVR", "C_SVC"),
        model.replaceFirst("-5.97555935e-01, ", ""),
        model.replaceFirst("-5.97555935e-01, ", "[ 1. ], "),
        model.replaceFirst("-5.97555935e-01, ", ".Nan, "),
        model.replaceFirst("-5.97555935e-01, ", "1.e39, "),
        model.replaceFirst("alpha: \\[ -1024.,", "alpha: ["),
        model + "more: 1\n",
        model.substring(0, 9000))) {
      assertRefused(broken, range);
    }
    for (String broken : List.of(
        model,
        range.replace("rows: 2", "rows: 1"),
        range.replace("cols: 36", "cols: 3600000"),
        range.replace("dt: f", "dt: d"),
        range.replace("10., ", ""),
        range.replace("10., ", ".Inf, "),
        range.replace("10., ", "1.e39, "),
        range.replace("3.44000012e-01", "3.44000012e+01"),
        range.replaceFirst("data: \\[[^\\]]*\\]", "data: [" + " 0.,".repeat(71) + " 0. ]"),
        range + "more: 1\n")) {
      assertRefused(model, broken);
    }
  }

  private void assertRefused(String model, String range) throws IOException {
    Path one = Files.writeString(folder.resolve("model.yml"), model);
    Path two = Files.writeString(folder.resolve("range.yml"), range);
    String message =
        assertThrows(InvalidInputException.class, () -> Brisque.open(one, two)).getMessage();
    assertTrue(message.contains(".yml is not a BRISQUE model or range of 36 features"), message);
  }

  @Test
  void throwsOnceItIsClosed() {
    Brisque brisque = Brisque.builtIn();
    brisque.close();

    assertEquals(
        "the BRISQUE model is closed; open it again",
        assertThrows(IllegalStateException.class, () -> brisque.score(GRAINY)).getMessage());
  }
}
