package dev.likeness.diffusion.internal.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class ContributionTest {
  private static final Generation GENERATION = Generation.withoutImage(Compute.EXACT);

  /** A ControlNet that no test evaluates. */
  private record NamedNet(String name) implements ControlNet {
    @Override
    public long memoryBytes() {
      return 0;
    }

    @Override
    public int modeCount() {
      return 0;
    }

    @Override
    public int mode(String mode) {
      throw new IllegalArgumentException("no modes");
    }

    @Override
    public void requireMode(ControlImage control) {}

    @Override
    public boolean isUnion() {
      return false;
    }

    @Override
    public void close() {}
  }

  /** Guidance by its number. */
  private record Numbered(int number) implements GradientGuidance {
    @Override
    public Tensor objective(Tensor denoised) {
      return null;
    }

    @Override
    public double stepLength(double noise) {
      return number;
    }
  }

  /** An adaptation that perturbs one module. */
  private record Perturbing(String only) implements Adaptation {
    @Override
    public boolean isPerturbed(String module) {
      return module.equals(only);
    }
  }

  private static Contribution whole(int number) {
    return Contribution.of((component, generation) ->
            component == ModelComponent.UNET ? new Perturbing("attn" + number) : Adaptation.NONE)
        .withControls(List.of(control(number)))
        .withControlTokens((control, generation) -> control.equals(control(number))
            ? Optional.of(new ControlTokens(null, null))
            : Optional.empty())
        .withImages(ReferenceImages.NONE.images(List.of(image(number))))
        .withInversions(List.of(inversion(number)))
        .withGuidance(generation -> new Numbered(number));
  }

  private static ControlImage control(int number) {
    return ControlImage.of(new NamedNet("net" + number), image(number));
  }

  private static RgbImage image(int number) {
    return RgbImage.of(1, 1, new byte[] {(byte) number, 0, 0});
  }

  private static TextualInversion inversion(int number) {
    return new TextualInversion("<" + number + ">", Map.of(1, new float[] {number}));
  }

  @Test
  void joinsEachPart() {
    Contribution both = whole(1).and(whole(2));
    Adaptation unet = both.changes().of(ModelComponent.UNET, GENERATION);
    assertTrue(unet.isPerturbed("attn1") && unet.isPerturbed("attn2"));
    assertSame(Adaptation.NONE, both.changes().of(ModelComponent.TEXT_ENCODER, GENERATION));
    assertEquals(List.of(control(1), control(2)), both.controls());
    for (int i = 1; i <= 3; i++) {
      assertEquals(
          i < 3, both.controlTokens().of(control(i), GENERATION).isPresent(), "tokens of " + i);
    }
    assertEquals(List.of(image(1), image(2)), both.images().images());
    assertEquals(List.of(inversion(1), inversion(2)), both.inversions());
    assertEquals(
        Optional.of(new Numbered(1)),
        both.guidance().map(guidance -> guidance.of(GENERATION)),
        "the first guidance applies");
  }

  @Test
  void joinsNothingWithSomething() {
    Contribution one = whole(1);
    assertSame(one, one.and(Contribution.NONE));
    assertSame(one, Contribution.NONE.and(one));
    assertSame(Contribution.NONE, Contribution.of(List.of()));
    assertEquals(
        Optional.of(new Numbered(2)),
        one.withoutGuidance().and(whole(2)).guidance().map(guidance -> guidance.of(GENERATION)));
  }

  @Test
  void refusesReferenceImagesOfDifferentStrengths() {
    Contribution weaker = Contribution.NONE.withImages(
        ReferenceImages.NONE.images(List.of(image(2))).strength(0.5));
    String message =
        assertThrows(IllegalArgumentException.class, () -> whole(1).and(weaker)).getMessage();
    assertTrue(message.startsWith("all reference images of a request must have the same"));
  }

  @Test
  void givesItsPartsToARequest() {
    ModelAdapter one = () -> whole(1);
    ModelAdapter two = () -> whole(2);
    for (Adapter joined : List.of(one.and(two), one.and(two).withoutGradientGuidance())) {
      ImageRequest request =
          ImageRequest.of("<1> and <2>").controlImage(control(3)).adapter(joined);
      assertEquals(List.of(control(3), control(1), control(2)), request.controlImages());
      assertEquals(List.of(image(1), image(2)), request.referenceImages().images());
      assertEquals(List.of(inversion(1), inversion(2)), request.prompts().textualInversions());
      assertEquals(List.of(one, two), joined.components());
    }
  }

  /** An adapter of an application, which knows no type of the engine. */
  private record OwnAdapter(int number, List<Adapter> parts) implements Adapter {
    @Override
    public List<TextualInversion> textualInversions() {
      return List.of(inversion(number));
    }

    @Override
    public List<ControlImage> controlImages() {
      return List.of(control(number));
    }

    @Override
    public List<Adapter> components() {
      return parts.isEmpty() ? List.of(this) : parts;
    }

    @Override
    public Adapter and(Adapter other) {
      return new OwnAdapter(number, List.of(this, other));
    }

    @Override
    public Adapter withoutGradientGuidance() {
      return this;
    }
  }

  @Test
  void takesAdaptersOfApplications() {
    Adapter own = new OwnAdapter(4, List.of());
    Contribution alone = Contribution.of(List.of(own));
    assertEquals(List.of(inversion(4)), alone.inversions());
    assertEquals(List.of(control(4)), alone.controls());
    assertSame(
        Adaptation.NONE, alone.changes().of(ModelComponent.UNET, GENERATION), "no change of nets");

    ModelAdapter engine = () -> whole(1);
    for (Adapter joined : List.of(engine.and(own), new OwnAdapter(4, List.of(engine)))) {
      Contribution both = Contribution.of(List.of(joined));
      assertTrue(both.changes().of(ModelComponent.UNET, GENERATION).isPerturbed("attn1"));
      assertEquals(
          List.of(1, 4),
          both.inversions().stream()
              .map(one -> one.token().equals("<1>") ? 1 : 4)
              .sorted()
              .toList());
    }
  }
}
