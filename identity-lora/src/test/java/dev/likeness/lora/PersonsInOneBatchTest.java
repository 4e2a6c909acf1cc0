package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests of several persons, drawn in the same passes of one base. */
@ExtendWith(NoTensorLeaks.class)
class PersonsInOneBatchTest {
  // Batches of another size round differently; what a wrong row adds is thousands of times as much.
  private static final float TOLERANCE = 2e-4f;

  private static BaseModel base;
  private static Lora wide;
  private static Lora attention;
  private static Lora whole;

  @BeforeAll
  static void opensThem(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, parent).path());
    wide = Lora.open(GoldenLora.file("wide"), base);
    attention = Lora.open(GoldenLora.file("attention-kohya"), base);
    whole = Lora.open(GoldenLora.file("../kinds/norm"), base);
    // A LoRA keeps what it has placed for the base.
    base.generate(request("a boy", 5, whole.at(1)));
  }

  @AfterAll
  static void closesThem() {
    List.of(wide, attention, whole).forEach(Lora::close);
    base.close();
  }

  private static ImageRequest request(String prompt, long seed, Adapter... adapters) {
    ImageRequest request = ImageRequest.of(prompt)
        .negative("blurry")
        .steps(2)
        .guidance(4)
        .size(24, 16)
        .seed(seed);
    for (Adapter adapter : adapters) {
      request = request.adapter(adapter);
    }
    return request;
  }

  private static List<ImageRequest> several() {
    LoraWeight early = LoraWeight.of(1).overSteps(p -> 1 - p);
    return List.of(
        request("a photo of an old woman", 1, wide.at(1)),
        request("a man", 2, attention.at(0.7)),
        request("a photo of an old woman", 3),
        request("a girl with bangs", 4, wide.at(0.4), attention.at(1)).count(2),
        request("a boy", 5, whole.at(1)),
        request("a man", 6, wide.at(early)),
        request("a man", 7, wide.at(0.4), attention.at(1)),
        request("nobody", 8, wide.at(1)).steps(1));
  }

  /** Checks that requests drawn together give the images of each alone. */
  static void compareWithAlone(BaseModel base, List<ImageRequest> requests) {
    List<GeneratedImage> together = base.generateAll(requests);
    List<GeneratedImage> alone = new ArrayList<>();
    requests.forEach(one -> alone.addAll(base.generateAll(one, Run.silent())));
    assertEquals(alone.size(), together.size());
    for (int i = 0; i < alone.size(); i++) {
      assertEquals(alone.get(i).seed(), together.get(i).seed());
      assertEquals(alone.get(i).request(), together.get(i).request());
      assertArrayEquals(
          alone.get(i).latents().values(),
          together.get(i).latents().values(),
          TOLERANCE,
          "image " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 1})
  void generatesEachAsAlone(double guidance) {
    List<ImageRequest> requests =
        several().stream().map(one -> one.guidance(guidance)).toList();
    compareWithAlone(base, requests);
  }

  @Test
  void generatesPromptsSequentiallyAsTogether() {
    List<ImageRequest> requests = several().stream()
        .map(one -> one.guidance(one.guidanceOptions().sequentially()))
        .toList();
    compareWithAlone(base, requests);
  }

  @ParameterizedTest
  @ValueSource(doubles = {4, 1})
  void guidesEachByItsOwnDegradedPrediction(double guidance) {
    DegradedGuidance degradedGuidance = DegradedGuidance.perturbedAttention("attn1");
    List<ImageRequest> requests = several().stream()
        .map(one -> one.guidance(guidance)
            .guidance(one.guidanceOptions().degradedGuidance(degradedGuidance).rescale(0.5)))
        .toList();
    compareWithAlone(base, requests);
  }

  @Test
  void conditionsAllOnTheSameImage(@TempDir Path parent) {
    byte[] rgb = new byte[24 * 16 * 3];
    new Random(3).nextBytes(rgb);
    try (ControlNet net =
        BaseModel.openControlNet(TinyControlNets.write("edges", parent), Compute.EXACT)) {
      ControlImage control = ControlImage.of(net, RgbImage.of(24, 16, rgb)).between(0, 0.7);
      List<ImageRequest> requests =
          several().stream().map(one -> one.controlImage(control)).toList();
      compareWithAlone(base, requests);
    }
  }

  @Test
  void evaluatesTheBaseOnceForAllPersonsOfABatch() {
    AtomicInteger passes = new AtomicInteger();
    UnaryOperator<Predictor> counted = network -> (input, step) -> {
      passes.incrementAndGet();
      return network.predict(input, step);
    };
    GenerationHooks joints = EngineHooks.hooks(counted, StepListener.NONE);
    List<ImageRequest> four = List.of(
            request("a man", 1, wide.at(1)),
            request("a woman", 2, attention.at(1)),
            request("a man", 3, wide.at(0.5)),
            request("a woman", 4))
        .stream()
        .map(one -> one.hooks(joints))
        .toList();
    base.generate(four.get(0));
    int rows = passes.getAndSet(0);
    base.generateAll(four);
    assertEquals(rows, passes.getAndSet(0));
    base.generateAll(
        List.of(four.get(0), request("a boy", 5, whole.at(1)).hooks(joints), four.get(1)));
    assertEquals(2 * rows, passes.get(), "one whose norms change is drawn for itself");
  }

  @Test
  void generatesNothingForAnEmptyBatch() {
    assertTrue(base.generateAll(List.of()).isEmpty());
  }
}
