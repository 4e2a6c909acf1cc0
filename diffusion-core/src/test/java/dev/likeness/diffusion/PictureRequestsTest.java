package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.Lanczos;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.StepListener;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class PictureRequestsTest {
  private static final ImageRequest ASK =
      ImageRequest.of("a photo of a cat").steps(3).size(32, 24).seed(4).guidance(4);

  @TempDir
  private Path scratch;

  private BaseModel base;

  @BeforeEach
  void open() {
    base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, scratch).path(), Compute.EXACT);
  }

  @AfterEach
  void close() {
    base.close();
  }

  @Test
  void drawsMarginsAndKeepsThePictureInside() {
    RgbImage picture = base.generate(ASK).picture();
    GeneratedImage wide = base.generate(ASK.outpaint(picture, 8, 0, 16, 8));
    assertEquals("56x32", wide.picture().width() + "x" + wide.picture().height());
    InitialImage extended = InitialImage.extended(picture, 8, 0, 16, 8);
    Latents known = base.encode(extended.picture());
    assertEquals(0, extended.mask().at(8, 0, 0));
    assertEquals(255, extended.mask().at(7, 0, 0));
    assertEquals(picture.at(31, 5, 2), extended.picture().at(50, 5, 2));
    Latents otherwise = base.generate(ASK.prompt("a red brick wall").outpaint(picture, 8, 0, 16, 8))
        .latents();
    assertEquals(
        0,
        distance(otherwise, wide.latents(), true),
        1e-5,
        "what is kept does not depend on what is asked for");
    double drawn = distance(otherwise, wide.latents(), false);
    assertTrue(drawn > 0.1, "it does where there is none: " + drawn);
    double kept = distance(known, wide.latents(), true);
    double margins = distance(known, wide.latents(), false);
    assertTrue(
        kept < 0.1 * margins,
        "sampled, so near the most likely: " + kept + " off, margins " + margins);
  }

  /**
   * How far apart latents are in the mean, over those that show the picture alone, or over those
   * that show none of it.
   */
  private static double distance(Latents a, Latents b, boolean inside) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < a.values().length; i++) {
      int x = i % a.width();
      int y = i / a.width() % a.height();
      boolean shown = inside ? x > 4 && x < 19 && y < 11 : x < 3 || x > 20 || y > 12;
      sum += shown ? Math.abs(a.values()[i] - b.values()[i]) : 0;
      count += shown ? 1 : 0;
    }
    return sum / count;
  }

  @Test
  void goesOnInAPromptsSchedule() {
    ImageRequest ask = ASK.scheduler("DDIM").steps(10).prompt("a cat").syntax(PromptSyntax.A1111);
    RgbImage cat = base.generate(ask).picture();
    assertEquals(
        base.generate(ask.prompt("a dog").size(48, 36).from(cat, 0.5)).picture(),
        base.generate(ask.prompt("a [cat:dog:0.9]").hires(HiresFix.pixels(1.5, 0.5)))
            .picture());
    ImageRequest rest = ask.from(InitialImage.of(base.encode(cat))).between(0.6, 1);
    assertEquals(
        base.generate(rest.prompt("a dog")).picture(),
        base.generate(rest.prompt("a [cat:dog:0.5]")).picture());
  }

  @Test
  void drawsOverEnlargedPixels() {
    GeneratedImage large = base.generate(ASK.hires(HiresFix.pixels(1.5, 0.5)));
    assertEquals("48x36", large.picture().width() + "x" + large.picture().height());
    RgbImage small = base.generate(ASK).picture();
    GeneratedImage byHand = base.generate(ASK.size(48, 36).from(small, 0.5));
    assertEquals(byHand.picture(), large.picture());
    ImageRequest over = ASK.size(16, 16).hires(HiresFix.latents(1.5, 0.5));
    assertEquals(
        List.of(false, true, true, false),
        Stream.of(
                large,
                byHand,
                base.generate(over.from(small, 0.5)),
                base.generate(
                    ASK.from(InitialImage.of(large.latents()).strength(0.5)).size(0, 0)))
            .map(GeneratedImage::edited)
            .toList());
  }

  @Test
  void drawsOverEnlargedOnesInsideTheMaskAndKeepsTheInitialPicture() {
    byte[] below = new byte[64 * 48 * 3];
    Arrays.fill(below, below.length / 2, below.length, (byte) 255);
    RgbImage half = RgbImage.of(64, 48, below.clone());
    new Random(1).nextBytes(below);
    InitialImage picture = InitialImage.of(RgbImage.of(64, 48, below)).strength(0.9);
    Latents known = base.encode(Lanczos.resize(picture.picture(), 48, 36));
    for (InitialImage initial : List.of(picture.mask(half), picture.change(half))) {
      for (boolean pixels : new boolean[] {false, true}) {
        Latents drawn = base.generate(
                ASK.scheduler("DDIM").from(initial).hires(new HiresFix(1.5, 0.7, 0, pixels)))
            .latents();
        assertTrue(away(known, drawn, 0) < (pixels ? 0.2 : 0.05), "kept");
        assertTrue(away(known, drawn, 1) > 0.5, "drawn");
      }
    }
    assertRefused(
        "enlarged latents blur what a mask keeps; begin from a picture, or go over pixels",
        () -> base.require(
            ASK.from(InitialImage.of(known).mask(half)).hires(HiresFix.latents(1.5, 0.7))));
  }

  /** How far apart latents are in the mean in their upper or lower half. */
  private static double away(Latents a, Latents b, int half) {
    return IntStream.range(0, a.values().length)
        .filter(i -> i / a.width() % a.height() / (a.height() / 2) == half)
        .mapToDouble(i -> Math.abs(a.values()[i] - b.values()[i]))
        .average()
        .orElseThrow();
  }

  @Test
  void drawsOverWhatABaseForInpaintingDrewInPixelsAlone() {
    RgbImage picture = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    ImageRequest ask = ASK.size(32, 32).from(InitialImage.of(picture).mask(picture));
    Path folder = GoldenFolder.write("xl-inpainting", GoldenFolder.Spelling.TODAY, scratch)
        .path();
    try (BaseModel inpainting = BaseModel.open(folder, Compute.EXACT)) {
      assertEquals(
          "48x48 picture",
          inpainting.generate(ask.hires(HiresFix.pixels(1.5, 0.7))).picture().toString());
      assertRefused(
          "a base for inpainting must see a picture, enlarged latents are none; ask for a second pass over pixels",
          () -> inpainting.require(ask.hires(HiresFix.latents(1.5, 0.7))));
    }
  }

  @Test
  void handsOverBetweenTwoNoiseLevels() {
    ImageRequest ask = ASK.steps(10).scheduler("DDIM");
    GeneratedImage whole = base.generate(ask);
    Latents half = base.generate(ask.between(0, 0.6)).latents();
    GeneratedImage rest = base.generate(ask.between(0.6, 1).from(InitialImage.of(half)));
    assertArrayEquals(whole.latents().values(), rest.latents().values(), 1e-5f);
  }

  @Test
  void goesOnFromNoisyLatentsInsideAMask() {
    ImageRequest ask = ASK.steps(10).scheduler("DDIM").between(0.6, 1);
    InitialImage half = InitialImage.of(base.generate(ask.between(0, 0.6)).latents());
    float[] whole = base.generate(ask.from(half)).latents().values();
    byte[] white = new byte[32 * 24 * 3];
    Arrays.fill(white, (byte) 255);
    InitialImage masked = half.mask(RgbImage.of(32, 24, white));
    assertArrayEquals(
        whole, base.generate(ask.from(masked.strength(1))).latents().values(), 1e-5f);
    assertRefused(
        "a run from 0.6 on goes on from latents: give them as its initial image",
        () -> base.require(ask));
    assertRefused(
        "a run from 0.6 on would lose its map of changes; give a mask, or begin at 0",
        () -> base.require(ask.from(half.change(masked.mask()))));
  }

  @Test
  void asksForOnePromptAfterTheOther() {
    float[] together = base.generate(ASK).latents().values();
    float[] inTurns = base.generate(ASK.guidance(GuidanceOptions.STANDARD.inTurns()))
        .latents()
        .values();
    assertArrayEquals(together, inTurns, 1e-4f);
  }

  @Test
  void takesPromptsOutAndDrawsFromThem() {
    ImageRequest other = ASK.prompt("a dog");
    GeneratedImage dog = base.generate(other);
    assertArrayEquals(
        dog.latents().values(),
        base.generate(ASK.embeddings(base.encode("a dog"), null)).latents().values(),
        1e-5f);
    PromptEmbedding between = base.encode("a cat").slerp(base.encode("a dog"), 0.5);
    assertNotEquals(dog.picture(), base.generate(ASK.embeddings(between, null)).picture());
    assertEquals("prompt embedding [77, 32]", between.toString());
  }

  @Test
  void encodesByNoAdapterOfAnotherBase() {
    Adapter other = new ModelAdapter() {
      @Override
      public Adaptation adapt(ModelComponent part, Compute compute) {
        return Adaptation.NONE;
      }

      @Override
      public void requireFor(ModelComponent.Tensors model) {
        throw new IllegalArgumentException("of another base");
      }
    };
    assertRefused("of another base", () -> base.encode(ASK.as(other)));
  }

  @Test
  void takesOutAPromptOfBracketsWhereItStays() {
    ImageRequest ask = ASK.syntax(PromptSyntax.A1111);
    assertArrayEquals(
        base.encode(ask.prompt("a dog")).tokens(),
        base.encode(ask.prompt("a [cat:dog:0]")).tokens());
    assertRefused(
        "the prompt \"a [cat:dog:0.5]\" changes on the way, what is encoded does not; encode what it says at each part of"
            + " the way",
        () -> base.encode(ask.prompt("a [cat:dog:0.5]")));
  }

  @Test
  void takesNoiseOutAndDrawsFromIt() {
    Latents noise = base.noise(4, 32, 24);
    assertArrayEquals(
        base.generate(ASK).latents().values(),
        base.generate(ASK.noise(noise)).latents().values());
    Latents other = base.noise(5, 32, 24);
    assertEquals(noise, noise.lerp(other, 0));
    float[] half = noise.slerp(other, 0.5).values();
    double length = 0;
    for (float value : half) {
      length += value * value;
    }
    assertEquals(1, Math.sqrt(length / half.length), 0.1, "noise on the way between two noises");
  }

  @Test
  void hearsOfEachStepWithItsLatents() {
    List<Latents> heard = new ArrayList<>();
    StepListener listener = (step, of, x, denoised) -> heard.add(Latents.of(x));
    GeneratedImage image =
        base.generate(ASK.scheduler("DDIM").hooks(EngineHooks.listening(listener)));
    assertEquals(3, heard.size());
    assertEquals(image.latents(), heard.get(2));
    assertArrayEquals(new long[] {4, 12, 16}, heard.get(0).shape());
  }

  @Test
  void drawsPromptsOfAnyLengthAgainstShorterOnes() {
    ImageRequest longer =
        ASK.syntax(PromptSyntax.A1111).prompt("a (cat:1.2), " + "on a table ".repeat(60));
    GeneratedImage drawn = base.generate(longer.negative("[blurry|bad]"));
    assertTrue(Double.isFinite(drawn.pixels()[0]));
    assertNotEquals(base.generate(longer.prompt("a (cat:1.2)")).picture(), drawn.picture());
  }

  @Test
  void refusesWhatCannotBeDrawn() {
    RgbImage picture = RgbImage.of(32, 24, new byte[32 * 24 * 3]);
    assertRefused("strength must be in 0..1, got 1.5", () -> base.generate(ASK.from(picture, 1.5)));
    assertRefused(
        "strength 0.1 from 0.0 until 1.0 leaves none of 3 steps to do; ask for more",
        () -> base.generate(ASK.scheduler("DDIM").from(picture, 0.1)));
    assertRefused(
        "latents [4, 5, 5] given, but a picture of 32x24 has [4, 12, 16]",
        () -> base.generate(ASK.noise(new Latents(new float[100], 4, 5, 5))));
    assertRefused(
        "vectors of 3 and 2 values do not mix",
        () -> Latents.Interpolation.lerp(new float[3], new float[2], 0.5));
  }

  private static void assertRefused(
      String message, org.junit.jupiter.api.function.Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
