package dev.likeness.headshots.shoot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.style.Style;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShootRequestTest {
  @TempDir
  private Path folder;

  @Test
  void keepsEarlierSettings() {
    ShootRequest request = ShootRequest.of(Style.named("studio"), 3)
        .identityStrength(0.5)
        .steps(8)
        .guidance(3)
        .size(512)
        .seed(9);
    assertEquals(
        new ShootRequest(
            request.styles(), 3, 0.5, 8, OptionalDouble.of(3), OptionalInt.of(512), 9, 0),
        request);
  }

  @ParameterizedTest
  @CsvSource({"klein/distilled, 4, 1", "zimage/turbo, 9, 0", "klein/base, 20, -1"})
  void takesFewStepsOnABaseThatNeedsFew(String layout, int steps, double guidance) {
    Path path = PipelineFolder.write(layout, folder).path();
    try (BaseModel base = BaseModel.open(path, Compute.of("cpu", "f32"))) {
      ShootRequest request = ShootRequest.of(Style.named("studio"), 1).forBase(base);
      assertEquals(steps, request.steps());
      assertEquals(guidance, request.guidance().orElse(-1));
    }
  }

  @Test
  void saysWhichLikenessThereIs() {
    IllegalArgumentException wrong = assertThrows(
        IllegalArgumentException.class,
        () -> ShootRequest.of(Style.named("studio"), 1).identityStrength(1.5));
    assertEquals("the identity strength must be in 0..1, got 1.5", wrong.getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {-3, Double.POSITIVE_INFINITY})
  void saysWhichGuidanceThereIs(double guidance) {
    ShootRequest any = ShootRequest.of(Style.named("studio"), 1);
    assertEquals(
        "the guidance scale must be a finite number of at least 0, got " + guidance
            + "; omit it for the default of the style or base",
        assertThrows(IllegalArgumentException.class, () -> any.guidance(guidance))
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 56, 100, 513, 4104})
  void saysWhichSizesThereAre(int size) {
    ShootRequest any = ShootRequest.of(Style.named("studio"), 1);
    assertEquals(
        "size " + size
            + " is not a multiple of 8 from 64 to 4096; choose such a multiple, or omit the"
            + " size to use the base's own",
        assertThrows(IllegalArgumentException.class, () -> any.size(size)).getMessage());
    List.of(64, 256, 1200, 4096)
        .forEach(good -> assertEquals(OptionalInt.of(good), any.size(good).size()));
    assertEquals(OptionalInt.empty(), any.size());
  }

  @Test
  void requiresAtLeastOneImage() {
    IllegalArgumentException wrong = assertThrows(
        IllegalArgumentException.class, () -> ShootRequest.of(Style.named("studio"), 0));
    assertEquals(
        "a shoot needs a style, at least 1 image and 1 step, and a variant of at least 0; got"
            + " styles: 1, count: 0, steps: 20, variant: 0",
        wrong.getMessage());
  }

  @Test
  void requiresAConsentText() {
    IllegalArgumentException wrong =
        assertThrows(IllegalArgumentException.class, () -> Consent.of("  "));
    assertEquals(
        "the text of a consent is empty; give the words that the person agreed to",
        wrong.getMessage());
    assertEquals("Ada: yes", Consent.of(" Ada: yes ").text());
  }
}
