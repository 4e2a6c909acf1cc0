package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.pipeline.PipelineModel;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reference images of FLUX.2 klein beside diffusers: {@code tools/goldens/klein_references.py}. */
@ExtendWith(NoTensorLeaks.class)
class KleinReferencesTest {
  private static final String ROOT = "/golden/klein-references/reference.";

  @TempDir
  private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8})
  void generatesWithReferenceImagesAsDiffusers(int number) throws IOException {
    Map<?, ?> run =
        (Map<?, ?>) ((List<?>) GoldenResource.json(ROOT + "json").get("runs")).get(number);
    List<?> sizes = (List<?>) run.get("images");
    RgbImage[] references = IntStream.range(0, sizes.size())
        .mapToObj(i -> image((List<?>) sizes.get(i), i))
        .toArray(RgbImage[]::new);
    List<?> size = (List<?>) run.get("size");
    ImageRequest request = ImageRequest.of((String) run.get("prompt"))
        .steps(number(run, "steps").intValue())
        .guidance(number(run, "guidance").doubleValue())
        .size(side(size, 0), side(size, 1))
        .seed(number(run, "seed").longValue())
        .images(references);
    if (run.get("masked") instanceof List<?> masked) {
      request = request.initialImage(InitialImage.of(image(masked, 4))
          .mask(mask(side(masked, 0), side(masked, 1)))
          .strength(number(run, "strength").doubleValue()));
    }
    Path base = PipelineFolder.write((String) run.get("folder"), folder).path();
    if (run.get("kept").equals(true)) {
      keepReferences(base);
    }
    try (TensorScope scope = TensorScope.open();
        Safetensors expected = Safetensors.open(GoldenResource.file(ROOT + "safetensors"));
        BaseModel klein = BaseModel.open(base, Compute.EXACT)) {
      Closeness.assertImage(
          1e-3,
          expected.read("run" + number + ".images").select(0, 0),
          klein.generate(request),
          "run " + number);
    }
  }

  @Test
  void takesItsSizeFromTheFirstImageAndEveryImageCounts() {
    ImageRequest request = ImageRequest.of("a hat").steps(1).guidance(1);
    RgbImage first = image(List.of(75, 66), 0);
    RgbImage second = image(List.of(64, 64), 1);
    RgbImage third = image(List.of(64, 64), 2);
    Path base = PipelineFolder.write("klein/base", folder).path();
    try (BaseModel klein = BaseModel.open(base, Compute.EXACT)) {
      RgbImage both = klein.generate(request.images(first, second)).image();
      assertEquals("72x64 image", both.toString());
      assertEquals(
          both,
          klein
              .generate(request.initialImage(InitialImage.of(first)).images(second))
              .image(),
          "an initial image of strength 1 is the first reference image");
      for (ImageRequest other : List.of(
          request.images(first),
          request.images(first, third),
          request.images(first, second, third))) {
        assertNotEquals(both, klein.generate(other).image());
      }
      ImageRequest bounded = request.referenceImages(
          request.images(first, second).referenceImages().maxPixels(1024));
      assertEquals("72x64 image", klein.generate(bounded).image().toString());
      assertNotEquals(both, klein.generate(bounded).image());
    }
  }

  @Test
  void encodesAnImageOnceForAllImagesThatSeeIt() {
    Path base = PipelineFolder.write("klein/base", folder).path();
    RgbImage small = image(List.of(64, 64), 0);
    ImageRequest request = ImageRequest.of("a hat").images(small, image(List.of(80, 64), 1), small);
    List<RgbImage> encoded = new ArrayList<>();
    try (TensorScope scope = TensorScope.open();
        OpenModel klein = FamilyRegistry.open(ModelOpener.open(base), Compute.EXACT)) {
      PipelineModel model = new PipelineModel(klein);
      Function<RgbImage, Tensor> encoder = image -> {
        encoded.add(image);
        return torch.rand(1, 4, image.height(), image.width());
      };
      List<Tensor> first = model.references(request, encoder);
      List<Tensor> second = model.references(request.seed(7), encoder);
      assertEquals(2, encoded.size(), "an image is encoded once");
      for (int i = 0; i < 3; i++) {
        assertTrue(first.get(i).equal(second.get(i)), "reference " + i);
      }
      model.references(
          request.referenceImages(request.referenceImages().maxPixels(48 * 48)), encoder);
      assertEquals(4, encoded.size(), "another size is another input");
      model.references(request.referenceImages(request.referenceImages().strength(0)), encoder);
      assertEquals(4, encoded.size(), "images that are left out are not encoded");
    }
  }

  @Test
  void attendsToReferencesByTheirStrength() throws IOException {
    RgbImage reference = image(List.of(64, 64), 0);
    ImageRequest plain = ImageRequest.of("a hat").steps(2).guidance(1).size(16, 16);
    ImageRequest shown = plain.images(reference);
    for (boolean kept : new boolean[] {false, true}) {
      Path base =
          PipelineFolder.write("klein/base", folder.resolve("kept-" + kept)).path();
      if (kept) {
        keepReferences(base);
      }
      try (BaseModel klein = BaseModel.open(base, Compute.EXACT)) {
        float[] none = klein.generate(plain).pixels();
        float[] full = klein.generate(shown).pixels();
        double before = 0;
        for (double strength : new double[] {0, 0.01, 0.1, 0.5}) {
          double distance = distance(
              none,
              klein
                  .generate(plain.referenceImages(shown.referenceImages().strength(strength)))
                  .pixels());
          assertTrue(
              strength == 0 ? distance == 0 : distance > before,
              "strength " + strength + ": " + distance + " after " + before);
          before = distance;
        }
        assertTrue(distance(none, full) > before);
      }
    }
    assertThrows(
        IllegalArgumentException.class, () -> shown.referenceImages().strength(Double.NaN));
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  private static void keepReferences(Path base) throws IOException {
    Path index = base.resolve("model_index.json");
    Files.writeString(
        index, Files.readString(index).replace("Flux2KleinPipeline", "Flux2KleinKVPipeline"));
  }

  @Test
  void refusesImagesThatTheBaseCannotTake() {
    ImageRequest request = ImageRequest.of("a hat").steps(1);
    RgbImage good = image(List.of(64, 64), 0);
    try (BaseModel klein =
            BaseModel.open(PipelineFolder.write("klein/base", folder).path(), Compute.EXACT);
        BaseModel zimage =
            BaseModel.open(PipelineFolder.write("zimage/turbo", folder).path(), Compute.EXACT)) {
      assertRefused(
          "a reference image of 63x64 is too small; give an image of at least 64 pixels a side",
          klein,
          request.images(good, image(List.of(63, 64), 0)));
      assertRefused(
          "a reference image of 64x513 is too narrow; give an image of at most 8:1",
          klein,
          request.images(image(List.of(64, 513), 0)));
      assertRefused(
          "a base of the family zimage does not take reference images, got 2; leave them out, or use"
              + " a base that edits images",
          zimage,
          request.images(good, good));
    }
    assertThrows(IllegalArgumentException.class, () -> request.images(good, null));
  }

  private static void assertRefused(String message, BaseModel base, ImageRequest request) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> base.generate(request))
            .getMessage());
  }

  private static Number number(Map<?, ?> run, String name) {
    return (Number) run.get(name);
  }

  private static int side(List<?> size, int axis) {
    return ((Number) size.get(axis)).intValue();
  }

  /** The image {@code which} of the script. */
  private static RgbImage image(List<?> size, int which) {
    int width = side(size, 0);
    int height = side(size, 1);
    byte[] rgb = new byte[3 * width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        boolean dark = y >= height / 3 && y < height / 2 && x >= width / 3 && x < width / 2;
        int at = 3 * (y * width + x);
        rgb[at] = (byte) (dark ? 20 + 50 * which : x * 255 / (width - 1));
        rgb[at + 1] = (byte) (dark ? 20 + 50 * which : y * 255 / (height - 1));
        rgb[at + 2] = (byte) (dark ? 20 + 50 * which : (x * 7 + y * 13 + which * 61) % 256);
      }
    }
    return RgbImage.of(width, height, rgb);
  }

  private static RgbImage mask(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      int y = i / width;
      boolean white = i % width >= width / 2 && y >= height / 4 && y < height / 4 * 3;
      rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (byte) (white ? 255 : 0);
    }
    return RgbImage.of(width, height, rgb);
  }
}
