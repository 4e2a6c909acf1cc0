package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.GuidanceOptions.FreeU;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** FreeU, guess mode, a cropped mask, and a range of skipped layers. */
@ExtendWith(NoTensorLeaks.class)
class OptionsParityTest {
  @TempDir
  private Path scratch;

  static List<GoldenImages.Run> runs() {
    return GoldenImages.runs("options");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsDiffusers(GoldenImages.Run run) {
    Path folder = PipelineFolder.any(run.text("folder"), scratch);
    GoldenFolder.schedule(folder, (Map<?, ?>) run.arguments().get("scheduler"));
    List<ControlNet> nets = new ArrayList<>();
    try (GoldenImages golden = GoldenImages.open("options", scratch);
        GoldenImages pictures = GoldenImages.open("pictures", scratch);
        BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      list(run, "nets")
          .forEach(name -> nets.add(BaseModel.openControlNet(
              TinyControlNets.write((String) name, scratch), Compute.EXACT)));
      ImageRequest plain = GoldenImages.baseRequest(run);
      ImageRequest request =
          switch (run.text("kind")) {
            case "freeu" -> plain.guidance(GuidanceOptions.DEFAULT.freeU(freeU(run)));
            case "guess" -> guess(run, plain, nets);
            case "crop" -> cropped(run, plain, nets, golden, pictures);
            default ->
              plain.guidance(
                  GuidanceOptions.DEFAULT.degradedGuidance(DegradedGuidanceParityTest.skipLayers(
                      (Map<?, ?>) run.arguments().get("call"))));
          };
      List<GeneratedImage> images = base.generateAll(request, Run.silent());
      if (run.text("kind").equals("crop")) {
        assertPicture(
            golden.image("run" + run.index() + ".picture"), images.get(0).image());
      } else if (run.arguments().get("mode") != null) {
        golden.compareLatents(run, images);
      } else {
        golden.compareImages(run, images);
      }
    } finally {
      nets.forEach(ControlNet::close);
    }
  }

  private static FreeU freeU(GoldenImages.Run run) {
    double[] factors = list(run, "freeu").stream()
        .mapToDouble(factor -> ((Number) factor).doubleValue())
        .toArray();
    return new FreeU(factors[0], factors[1], factors[2], factors[3]);
  }

  private static ImageRequest guess(
      GoldenImages.Run run, ImageRequest plain, List<ControlNet> nets) {
    ImageRequest request = run.arguments().get("image") == null
        ? plain
        : plain.initialImage(
            TinyControlNets.slope(run.integer("width"), run.integer("height"), false),
            run.number("image", 0));
    for (int i = 0; i < nets.size(); i++) {
      request = request.controlImage(
          ControlNetParityTest.controlImage(run, nets.get(i), i).guessMode());
    }
    return request;
  }

  private static ImageRequest cropped(
      GoldenImages.Run run,
      ImageRequest plain,
      List<ControlNet> nets,
      GoldenImages golden,
      GoldenImages pictures) {
    RgbImage image = pictures.image("picture" + run.integer("picture"));
    int mask = run.integer("mask");
    ImageRequest request = plain.initialImage(InitialImage.of(image)
        .strength(run.number("strength", 0))
        .mask((mask < 2 ? pictures : golden).image("mask" + mask))
        .paddingMaskCrop(run.integer("padding")));
    return nets.isEmpty()
        ? request
        : request.controlImage(ControlImage.of(nets.get(0), mirrored(image)));
  }

  private static RgbImage mirrored(RgbImage image) {
    byte[] rgb = new byte[image.width() * image.height() * 3];
    for (int i = 0; i < rgb.length; i++) {
      int x = image.width() - 1 - i / 3 % image.width();
      rgb[i] = (byte) image.at(x, i / 3 / image.width(), i % 3);
    }
    return RgbImage.of(image.width(), image.height(), rgb);
  }

  /** Bytes may differ by one, because the reference rounds the decoded image before it resizes. */
  private static void assertPicture(RgbImage expected, RgbImage actual) {
    assertEquals(
        expected.width() + "x" + expected.height(), actual.width() + "x" + actual.height());
    for (int i = 0; i < expected.width() * expected.height() * 3; i++) {
      int x = i / 3 % expected.width();
      int y = i / 3 / expected.width();
      int difference = Math.abs(expected.at(x, y, i % 3) - actual.at(x, y, i % 3));
      assertTrue(difference <= 1, "differs by " + difference + " at " + x + "," + y);
    }
  }

  private static List<?> list(GoldenImages.Run run, String name) {
    return run.arguments().get(name) == null
        ? List.of()
        : (List<?>) run.arguments().get(name);
  }

  /** A tolerance would also pass if an option did nothing on a tiny model. */
  @Test
  void everyOptionChangesTheImage() {
    Path folder = PipelineFolder.any("sd1/base", scratch);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT);
        ControlNet net =
            BaseModel.openControlNet(TinyControlNets.write("edges", scratch), Compute.EXACT)) {
      ImageRequest plain = ImageRequest.of("a cat").size(32, 24).steps(2);
      assertDiffers(
          base,
          plain,
          plain.guidance(GuidanceOptions.DEFAULT.freeU(new FreeU(0.9, 0.2, 1.5, 1.6))));
      ControlImage control = ControlImage.of(net, TinyControlNets.slope(32, 24, false));
      assertDiffers(base, plain.controlImage(control), plain.controlImage(control.guessMode()));
      // The negative prompt has no residuals, in one batch and one after the other.
      ImageRequest guess = plain.controlImage(control.guessMode());
      assertArrayEquals(
          base.generate(guess).pixels(),
          base.generate(guess.guidance(GuidanceOptions.DEFAULT.sequentially())).pixels());
    }
  }

  private static void assertDiffers(BaseModel base, ImageRequest one, ImageRequest other) {
    float[] first = base.generate(one).pixels();
    float[] second = base.generate(other).pixels();
    double most = 0;
    for (int i = 0; i < first.length; i++) {
      most = Math.max(most, Math.abs(first[i] - second[i]));
    }
    assertTrue(most > 0.01, "the images differ by " + most);
  }

  private static void assertArrayEquals(float[] expected, float[] actual) {
    org.junit.jupiter.api.Assertions.assertArrayEquals(expected, actual, 1e-4f);
  }

  /** Outside of the region the initial image is kept, with and without pasting. */
  @Test
  void keepsTheImageAroundACroppedMask() {
    try (BaseModel base = BaseModel.open(PipelineFolder.any("sd1/base", scratch), Compute.EXACT)) {
      RgbImage image = TinyControlNets.slope(61, 47, false);
      byte[] white = new byte[61 * 47 * 3];
      for (int y = 20; y < 26; y++) {
        java.util.Arrays.fill(white, (y * 61 + 30) * 3, (y * 61 + 36) * 3, (byte) 255);
      }
      InitialImage initial =
          InitialImage.of(image).mask(RgbImage.of(61, 47, white)).paddingMaskCrop(3);
      ImageRequest request = ImageRequest.of("a cat").steps(2).size(32, 32);
      RgbImage pasted = base.generate(request.initialImage(initial)).image();
      RgbImage decoded =
          base.generate(request.initialImage(initial.pasteUnmasked(false))).image();
      int within = 0;
      for (int i = 0; i < 61 * 47; i++) {
        int x = i % 61;
        int y = i / 61;
        boolean masked = x >= 30 && x < 36 && y >= 20 && y < 26;
        boolean near = x >= 27 && x < 39 && y >= 17 && y < 29;
        assertTrue(masked || pasted.at(x, y, 0) == image.at(x, y, 0), "pasted " + x + "," + y);
        assertTrue(near || decoded.at(x, y, 0) == image.at(x, y, 0), "decoded " + x + "," + y);
        within += near && !masked && decoded.at(x, y, 0) != image.at(x, y, 0) ? 1 : 0;
      }
      assertTrue(within > 20, within + " pixels of the region were decoded");
    }
  }

  @Test
  void refusesWhatAFamilyOrARequestDoesNotSupport() {
    RgbImage image = TinyControlNets.slope(32, 32, false);
    RgbImage black = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    try (BaseModel flux = BaseModel.open(PipelineFolder.any("flux/dev", scratch), Compute.EXACT);
        ControlNet net =
            BaseModel.openControlNet(TinyControlNets.write("flux", scratch), Compute.EXACT)) {
      ImageRequest plain = ImageRequest.of("a").steps(1).size(32, 32);
      assertRefused(
          flux,
          plain.guidance(GuidanceOptions.DEFAULT.freeU(new FreeU(1, 1, 1, 1))),
          "a base of the family flux does not support FreeU (--freeu); leave it out, because it"
              + " needs a UNet");
      assertRefused(
          flux,
          plain.controlImage(ControlImage.of(net, image).guessMode()),
          "a base of the family flux does not support guess mode (--guess-mode); leave it out");
      InitialImage initial = InitialImage.of(image).strength(0.5);
      assertRefused(
          flux,
          plain.initialImage(initial.paddingMaskCrop(3)),
          "the padding of a cropped mask (--padding-mask-crop) needs an initial image and a mask;"
              + " give both (--init, --mask)");
      assertRefused(
          flux,
          plain.initialImage(initial.mask(black).paddingMaskCrop(3)),
          "the mask is black everywhere, so there is nothing to generate; paint in"
              + " white the part to generate");
      assertRefused(
          flux,
          plain
              .hires(HiresFix.latents(2, 0.5))
              .initialImage(initial.mask(image).paddingMaskCrop(3)),
          "a cropped mask (--padding-mask-crop) cannot be combined with a second pass (--hires); leave out"
              + " one of the two");
    }
    assertThrows(IllegalArgumentException.class, () -> new FreeU(0, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new FreeU(1, 1, Double.NaN, 1));
    assertThrows(IllegalArgumentException.class, () -> InitialImage.of(image).paddingMaskCrop(-1));
  }

  private static void assertRefused(BaseModel base, ImageRequest request, String words) {
    assertEquals(
        words,
        assertThrows(IllegalArgumentException.class, () -> base.generate(request))
            .getMessage());
  }
}
