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
import dev.likeness.diffusion.internal.pipeline.ReferenceLatents;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
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
    KleinRun run = KleinRun.of(ROOT + "json", number);
    Path base = run.base(folder);
    try (TensorScope scope = TensorScope.open();
        Safetensors expected = Safetensors.open(GoldenResource.file(ROOT + "safetensors"));
        BaseModel klein = BaseModel.open(base, Compute.EXACT)) {
      Closeness.assertImage(
          1e-3,
          expected.read("run" + number + ".images").select(0, 0),
          klein.generate(run.request()),
          "run " + number);
    }
  }

  @Test
  void takesItsSizeFromTheFirstImageAndEveryImageCounts() {
    ImageRequest request = ImageRequest.of("a hat").steps(1).guidance(1);
    RgbImage first = KleinRun.image(List.of(75, 66), 0);
    RgbImage second = KleinRun.image(List.of(64, 64), 1);
    RgbImage third = KleinRun.image(List.of(64, 64), 2);
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
    RgbImage small = KleinRun.image(List.of(64, 64), 0);
    ImageRequest request =
        ImageRequest.of("a hat").images(small, KleinRun.image(List.of(80, 64), 1), small);
    List<RgbImage> encoded = new ArrayList<>();
    try (TensorScope scope = TensorScope.open();
        OpenModel klein = FamilyRegistry.open(ModelOpener.open(base), Compute.EXACT)) {
      ReferenceLatents references = new ReferenceLatents();
      Function<RgbImage, Tensor> encoder = image -> {
        encoded.add(image);
        return torch.rand(1, 4, image.height(), image.width());
      };
      List<Tensor> first = references.of(klein, request, encoder);
      List<Tensor> second = references.of(klein, request.seed(7), encoder);
      assertEquals(2, encoded.size(), "an image is encoded once");
      for (int i = 0; i < 3; i++) {
        assertTrue(first.get(i).equal(second.get(i)), "reference " + i);
      }
      references.of(
          klein, request.referenceImages(request.referenceImages().maxPixels(48 * 48)), encoder);
      assertEquals(4, encoded.size(), "another size is another input");
      references.of(klein, request.referenceImages(request.referenceImages().strength(0)), encoder);
      assertEquals(4, encoded.size(), "images that are left out are not encoded");
    }
  }

  @Test
  void attendsToReferencesByTheirStrength() throws IOException {
    RgbImage reference = KleinRun.image(List.of(64, 64), 0);
    ImageRequest plain = ImageRequest.of("a hat").steps(2).guidance(1).size(16, 16);
    ImageRequest shown = plain.images(reference);
    for (boolean kept : new boolean[] {false, true}) {
      Path base =
          PipelineFolder.write("klein/base", folder.resolve("kept-" + kept)).path();
      if (kept) {
        KleinRun.keepReferences(base);
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

  @Test
  void refusesImagesThatTheBaseCannotTake() {
    ImageRequest request = ImageRequest.of("a hat").steps(1);
    RgbImage good = KleinRun.image(List.of(64, 64), 0);
    try (BaseModel klein =
            BaseModel.open(PipelineFolder.write("klein/base", folder).path(), Compute.EXACT);
        BaseModel zimage =
            BaseModel.open(PipelineFolder.write("zimage/turbo", folder).path(), Compute.EXACT)) {
      assertRefused(
          "a reference image of 63x64 is too small; give an image of at least 64 pixels a side",
          klein,
          request.images(good, KleinRun.image(List.of(63, 64), 0)));
      assertRefused(
          "a reference image of 64x513 is too narrow; give an image with an aspect ratio of at"
              + " most 8:1",
          klein,
          request.images(KleinRun.image(List.of(64, 513), 0)));
      assertRefused(
          "a base of the family zimage does not support reference images, got 2; leave them out, or"
              + " use a base that edits images",
          zimage,
          request.images(good, good));
    }
    NullPointerException missing =
        assertThrows(NullPointerException.class, () -> request.images(good, null));
    assertEquals("reference image 2 of 2 is null; leave it out", missing.getMessage());
  }

  private static void assertRefused(String message, BaseModel base, ImageRequest request) {
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> base.generate(request))
            .getMessage());
  }
}
