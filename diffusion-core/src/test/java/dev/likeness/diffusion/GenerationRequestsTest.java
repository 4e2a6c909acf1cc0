package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.SizeOptions;
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
class GenerationRequestsTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo of a cat").steps(3).size(32, 24).seed(4).guidance(4);

  @TempDir
  private Path scratch;

  private BaseModel base;

  @BeforeEach
  void open() {
    base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(), Compute.EXACT);
  }

  @AfterEach
  void close() {
    base.close();
  }

  @Test
  void generatesMarginsAndKeepsTheImageInside() {
    RgbImage image = base.generate(REQUEST).image();
    GeneratedImage wide = base.generate(REQUEST.outpaint(image, 8, 0, 16, 8));
    assertEquals("56x32", wide.image().width() + "x" + wide.image().height());
    InitialImage extended = InitialImage.outpaint(image, 8, 0, 16, 8);
    Latents known = base.encode(extended.image().orElseThrow());
    assertEquals(0, extended.mask().orElseThrow().at(8, 0, 0));
    assertEquals(255, extended.mask().orElseThrow().at(7, 0, 0));
    assertEquals(image.at(31, 5, 2), extended.image().orElseThrow().at(50, 5, 2));
    Latents otherwise = base.generate(
            REQUEST.prompt("a red brick wall").outpaint(image, 8, 0, 16, 8))
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
   * How far apart latents are in the mean, over those that show the image alone, or over those that
   * show none of it.
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
  void continuesAPromptSchedule() {
    ImageRequest request =
        REQUEST.scheduler("DDIM").steps(10).prompt("a cat").syntax(PromptSyntax.A1111);
    RgbImage cat = base.generate(request).image();
    assertEquals(
        base.generate(request.prompt("a dog").size(48, 36).initialImage(cat, 0.5))
            .image(),
        base.generate(request.prompt("a [cat:dog:0.9]").hires(HiresFix.pixels(1.5, 0.5)))
            .image());
    ImageRequest rest =
        request.initialImage(InitialImage.of(base.encode(cat))).denoisingRange(0.6, 1);
    assertEquals(
        base.generate(rest.prompt("a dog")).image(),
        base.generate(rest.prompt("a [cat:dog:0.5]")).image());
  }

  @Test
  void hiresFixGeneratesOverEnlargedPixels() {
    GeneratedImage large = base.generate(REQUEST.hires(HiresFix.pixels(1.5, 0.5)));
    assertEquals("48x36", large.image().width() + "x" + large.image().height());
    RgbImage small = base.generate(REQUEST).image();
    GeneratedImage byHand = base.generate(REQUEST.size(48, 36).initialImage(small, 0.5));
    assertEquals(byHand.image(), large.image());
    ImageRequest over = REQUEST.size(16, 16).hires(HiresFix.latents(1.5, 0.5));
    assertEquals(
        List.of(false, true, true, false),
        Stream.of(
                large,
                byHand,
                base.generate(over.initialImage(small, 0.5)),
                base.generate(REQUEST
                    .initialImage(InitialImage.of(large.latents()).strength(0.5))
                    .sizeOptions(SizeOptions.DEFAULT)))
            .map(GeneratedImage::isEdited)
            .toList());
  }

  @Test
  void hiresFixKeepsTheInitialImageOutsideTheMask() {
    byte[] below = new byte[64 * 48 * 3];
    Arrays.fill(below, below.length / 2, below.length, (byte) 255);
    RgbImage half = RgbImage.of(64, 48, below.clone());
    new Random(1).nextBytes(below);
    InitialImage image = InitialImage.of(RgbImage.of(64, 48, below)).strength(0.9);
    Latents known =
        base.encode(PillowResampling.LANCZOS.resize(image.image().orElseThrow(), 48, 36));
    for (InitialImage initial : List.of(image.mask(half), image.changeMap(half))) {
      for (boolean pixels : new boolean[] {false, true}) {
        Latents drawn = base.generate(REQUEST
                .scheduler("DDIM")
                .initialImage(initial)
                .hires(pixels ? HiresFix.pixels(1.5, 0.7) : HiresFix.latents(1.5, 0.7)))
            .latents();
        assertTrue(distanceInHalf(known, drawn, 0) < (pixels ? 0.2 : 0.05), "kept");
        assertTrue(distanceInHalf(known, drawn, 1) > 0.5, "drawn");
      }
    }
    assertRefused(
        "with a mask, a second pass over latents needs an initial image, got initial latents;"
            + " give an image, or use a second pass over pixels",
        () -> base.validate(REQUEST
            .initialImage(InitialImage.of(known).mask(half))
            .hires(HiresFix.latents(1.5, 0.7))));
  }

  @Test
  void pastesThePixelsThatAMaskKeeps() {
    byte[] rgb = new byte[32 * 24 * 3];
    byte[] below = rgb.clone();
    Arrays.fill(below, below.length / 2, below.length, (byte) 255);
    new Random(1).nextBytes(rgb);
    RgbImage half = RgbImage.of(32, 24, below);
    InitialImage image = InitialImage.of(RgbImage.of(32, 24, rgb)).strength(0.9);
    for (InitialImage initial : List.of(image.mask(half), image.changeMap(half))) {
      GeneratedImage decoded =
          base.generate(REQUEST.scheduler("DDIM").initialImage(initial.pasteUnmasked(false)));
      GeneratedImage pasted = base.generate(REQUEST.scheduler("DDIM").initialImage(initial));
      assertArrayEquals(decoded.pixels(), pasted.pixels(), "tensors are decoded ones");
      for (int i = 0; i < rgb.length; i++) {
        int x = i / 3 % 32;
        int y = i / 3 / 32;
        int plain = Math.round(255 * decoded.pixels()[i % 3 * 32 * 24 + i / 3]);
        assertEquals(plain, decoded.image().at(x, y, i % 3), 1, "decoded");
        assertEquals(
            i < rgb.length / 2 ? rgb[i] & 255 : decoded.image().at(x, y, i % 3),
            pasted.image().at(x, y, i % 3),
            "pasted");
      }
    }
    RgbImage larger = base.generate(REQUEST
            .scheduler("DDIM")
            .initialImage(image.mask(half))
            .hires(HiresFix.latents(1.5, 0.7)))
        .image();
    RgbImage known = PillowResampling.LANCZOS.resize(image.image().orElseThrow(), 48, 36);
    assertEquals(known.at(20, 5, 1), larger.at(20, 5, 1), "in a second pass over latents too");
    RgbImage wider = base.generate(
            REQUEST.scheduler("DDIM").outpaint(RgbImage.of(32, 24, rgb), 8, 0, 0, 8))
        .image();
    assertEquals(rgb[0] & 255, wider.at(8, 0, 0), "in an extended image too");
  }

  @Test
  void pastesByTheLumaOfColouredMasks() {
    byte[] rgb = new byte[32 * 24 * 3];
    new Random(1).nextBytes(rgb);
    RgbImage photo = RgbImage.of(32, 24, rgb);
    for (int colour : new int[] {0xff0000, 0x00ff00, 0x0000ff, 0x00ffff, 0x123456}) {
      int luma = (int)
          Math.round(0.299 * (colour >> 16) + 0.587 * (colour >> 8 & 255) + 0.114 * (colour & 255));
      RgbImage coloured = belowBlack(colour);
      RgbImage grey = belowBlack(luma * 0x010101);
      List<List<InitialImage>> pairs = List.of(
          List.of(InitialImage.of(photo).mask(coloured), InitialImage.of(photo).mask(grey)),
          List.of(
              InitialImage.of(photo).changeMap(coloured), InitialImage.of(photo).changeMap(grey)),
          List.of(
              InitialImage.of(photo).mask(coloured).paddingMaskCrop(4),
              InitialImage.of(photo).mask(grey).paddingMaskCrop(4)));
      for (List<InitialImage> pair : pairs) {
        ImageRequest request = REQUEST.scheduler("DDIM").steps(2);
        assertEquals(
            base.generate(request.initialImage(pair.get(1).strength(0.9))).image(),
            base.generate(request.initialImage(pair.get(0).strength(0.9))).image(),
            Integer.toHexString(colour));
      }
    }
  }

  /** A black image of 32 x 24 pixels whose lower half has a colour. */
  private static RgbImage belowBlack(int colour) {
    byte[] rgb = new byte[32 * 24 * 3];
    for (int i = rgb.length / 2; i < rgb.length; i++) {
      rgb[i] = (byte) (colour >> 16 - 8 * (i % 3));
    }
    return RgbImage.of(32, 24, rgb);
  }

  /** How far apart latents are in the mean in their upper or lower half. */
  private static double distanceInHalf(Latents a, Latents b, int half) {
    return IntStream.range(0, a.values().length)
        .filter(i -> i / a.width() % a.height() / (a.height() / 2) == half)
        .mapToDouble(i -> Math.abs(a.values()[i] - b.values()[i]))
        .average()
        .orElseThrow();
  }

  @Test
  void hiresFixOfInpaintingBasesNeedsPixels() {
    RgbImage image = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    ImageRequest request =
        REQUEST.size(32, 32).initialImage(InitialImage.of(image).mask(image));
    Path folder = GoldenFolder.write("xl-inpainting", GoldenFolder.KeyFormat.CURRENT, scratch)
        .path();
    try (BaseModel inpainting = BaseModel.open(folder, Compute.EXACT)) {
      assertEquals(
          "48x48 image",
          inpainting.generate(request.hires(HiresFix.pixels(1.5, 0.7))).image().toString());
      assertRefused(
          "a base that was trained for inpainting does not support a second pass over latents;"
              + " use a second pass over pixels",
          () -> inpainting.validate(request.hires(HiresFix.latents(1.5, 0.7))));
    }
  }

  @Test
  void splitsSamplingAtADenoisingStart() {
    ImageRequest request = REQUEST.steps(10).scheduler("DDIM");
    GeneratedImage whole = base.generate(request);
    Latents half = base.generate(request.denoisingRange(0, 0.6)).latents();
    GeneratedImage rest =
        base.generate(request.denoisingRange(0.6, 1).initialImage(InitialImage.of(half)));
    assertArrayEquals(whole.latents().values(), rest.latents().values(), 1e-5f);
  }

  @Test
  void goesOnFromNoisyLatentsInsideAMask() {
    ImageRequest request = REQUEST.steps(10).scheduler("DDIM").denoisingRange(0.6, 1);
    InitialImage half =
        InitialImage.of(base.generate(request.denoisingRange(0, 0.6)).latents());
    float[] whole = base.generate(request.initialImage(half)).latents().values();
    byte[] white = new byte[32 * 24 * 3];
    Arrays.fill(white, (byte) 255);
    InitialImage masked = half.mask(RgbImage.of(32, 24, white));
    assertArrayEquals(
        whole, base.generate(request.initialImage(masked.strength(1))).latents().values(), 1e-5f);
    assertRefused(
        "a denoising start of 0.6 needs latents; give them as the initial image",
        () -> base.validate(request));
    assertRefused(
        "a denoising start of 0.6 cannot be combined with a change map; give a mask, or start at 0",
        () -> base.validate(request.initialImage(half.changeMap(masked.mask().orElseThrow()))));
  }

  @Test
  void evaluatesPromptsSequentially() {
    float[] together = base.generate(REQUEST).latents().values();
    float[] inTurns = base.generate(REQUEST.guidance(GuidanceOptions.DEFAULT.sequentially()))
        .latents()
        .values();
    assertArrayEquals(together, inTurns, 1e-4f);
  }

  @Test
  void encodesPromptsAndGeneratesFromThem() {
    ImageRequest other = REQUEST.prompt("a dog");
    GeneratedImage dog = base.generate(other);
    assertArrayEquals(
        dog.latents().values(),
        base.generate(REQUEST.embedding(base.encode("a dog"))).latents().values(),
        1e-5f);
    PromptEmbedding between = base.encode("a cat").slerp(base.encode("a dog"), 0.5);
    assertNotEquals(dog.image(), base.generate(REQUEST.embedding(between)).image());
    assertEquals("prompt embedding [77, 32]", between.toString());
    PromptEmbedding reshaped = new PromptEmbedding(
        base.encode("a dog").tokens(), 32, base.encode("a dog").pooled());
    assertRefused(
        "both embeddings must have the same shape, got prompt embedding [77, 32] and prompt"
            + " embedding [32, 77]",
        () -> base.encode("a cat").lerp(reshaped, 0.5));
  }

  @Test
  void encodesByNoAdapterOfAnotherBase() {
    Adapter other = new ModelAdapter() {
      @Override
      public Contribution contribution() {
        return Contribution.NONE;
      }

      @Override
      public void requireCompatible(ModelComponent.Tensors model) {
        throw new IllegalArgumentException("of another base");
      }
    };
    assertRefused("of another base", () -> base.encode(REQUEST.adapter(other)));
  }

  @Test
  void encodesAPromptWithBracketsUnchanged() {
    ImageRequest request = REQUEST.syntax(PromptSyntax.A1111);
    assertArrayEquals(
        base.encode(request.prompt("a dog")).tokens(),
        base.encode(request.prompt("a [cat:dog:0]")).tokens());
    assertRefused(
        "the prompt \"a [cat:dog:0.5]\" changes over the steps, but an embedding is constant;"
            + " encode each"
            + " variant of the prompt",
        () -> base.encode(request.prompt("a [cat:dog:0.5]")));
  }

  @Test
  void refusesToDecodeLatentsOfAnotherBase() {
    Latents of16Channels = new Latents(new float[16 * 2 * 3], 16, 2, 3);
    assertRefused(
        "latents to decode must have 4 channels, got latents [16, 2, 3]; give latents of this base",
        () -> base.decode(of16Channels));
  }

  @Test
  void returnsNoiseAndGeneratesFromIt() {
    Latents noise = base.noise(4, 32, 24);
    assertArrayEquals(
        base.generate(REQUEST).latents().values(),
        base.generate(REQUEST.noise(noise)).latents().values());
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
  void reportsEachStepWithItsLatents() {
    List<Latents> heard = new ArrayList<>();
    StepListener listener = (step, of, x, denoised) -> heard.add(Latents.of(x));
    GeneratedImage image =
        base.generate(REQUEST.scheduler("DDIM").hooks(EngineHooks.ofListener(listener)));
    assertEquals(3, heard.size());
    assertEquals(image.latents(), heard.get(2));
    assertArrayEquals(new long[] {4, 12, 16}, heard.get(0).shape());
  }

  @Test
  void generatesWithPromptsOfDifferentLengths() {
    ImageRequest longer =
        REQUEST.syntax(PromptSyntax.A1111).prompt("a (cat:1.2), " + "on a table ".repeat(60));
    GeneratedImage drawn = base.generate(longer.negative("[blurry|bad]"));
    assertTrue(Double.isFinite(drawn.pixels()[0]));
    assertNotEquals(base.generate(longer.prompt("a (cat:1.2)")).image(), drawn.image());
  }

  @Test
  void refusesAnImpossibleRequestBeforeTheImagesOfOthers() {
    List<GeneratedImage> images = new ArrayList<>();
    ImageRequest impossible = REQUEST.steps(2).hires(HiresFix.latents(2, 0.3));
    assertRefused(
        "no step is left of 2 at strength 0.3 for the second pass; use more steps or a larger"
            + " strength",
        () -> base.generateEach(List.of(REQUEST, impossible), images::add));
    assertEquals(List.of(), images);
  }

  @Test
  void refusesImpossibleRequests() {
    RgbImage image = RgbImage.of(32, 24, new byte[32 * 24 * 3]);
    assertRefused(
        "strength must be in 0..1, got 1.5", () -> base.generate(REQUEST.initialImage(image, 1.5)));
    assertRefused(
        "no step is left of 3 at strength 0.1 and denoising range 0.0..1.0; use more steps or a"
            + " larger strength",
        () -> base.generate(REQUEST.scheduler("DDIM").initialImage(image, 0.1)));
    assertRefused(
        "no step is left of 3 at strength 0.3 for the second pass; use more steps or a larger"
            + " strength",
        () -> base.generate(REQUEST.hires(HiresFix.latents(2, 0.3))));
    for (int[] margins : new int[][] {
      {16384, 16384, 16384, 16384}, {Integer.MAX_VALUE, 0, 0, 0}, {0, Integer.MAX_VALUE, 0, 1}
    }) {
      String refused = assertThrows(
              IllegalArgumentException.class,
              () -> REQUEST.outpaint(image, margins[0], margins[1], margins[2], margins[3]))
          .getMessage();
      assertTrue(
          refused.matches("an image with margins may have at most 67 megapixels, got \\d+x\\d+;"
              + " give smaller margins"),
          refused);
    }
    assertRefused(
        "an image of 32x24 needs latents of shape [4, 12, 16], got latents [4, 5, 5]",
        () -> base.generate(REQUEST.noise(new Latents(new float[100], 4, 5, 5))));
    assertRefused(
        "width and height must be positive multiples of 2, got 33x24", () -> base.noise(4, 33, 24));
    assertRefused(
        "the number of zero steps of CFG-Zero* must be at least 0, got -1",
        () -> GuidanceOptions.DEFAULT.cfgZeroStar(-1));
    assertRefused(
        "adaptive projected guidance needs eta in 0..1, a finite momentum and a normThreshold of at least 0,"
            + " got eta 0.0, momentum NaN and normThreshold 1.0",
        () -> GuidanceOptions.DEFAULT.adaptiveProjectedGuidance(0, Double.NaN, 1));
    assertRefused("crop 0x4+1+1 has no pixel", () -> image.crop(1, 1, 0, 4));
    assertRefused(
        "latents must have at least one pixel, got height -1 and width 4",
        () -> base.noise(4, 32, 24).resize(-1, 4));
    assertRefused("crop -3x4+1+1 has no pixel", () -> image.crop(1, 1, -3, 4));
    assertRefused(
        "crop 2147483647x4+1+1 is not inside a 32x24 image",
        () -> image.crop(1, 1, Integer.MAX_VALUE, 4));
    assertRefused(
        "vectors must have the same length, got 3 and 2",
        () -> Latents.Interpolation.lerp(new float[3], new float[2], 0.5));
  }

  private static void assertRefused(
      String message, org.junit.jupiter.api.function.Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
