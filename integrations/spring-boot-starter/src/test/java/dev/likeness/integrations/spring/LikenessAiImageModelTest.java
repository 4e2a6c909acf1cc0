package dev.likeness.integrations.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.portrait.PortraitModel;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.ai.image.ImageGeneration;
import org.springframework.ai.image.ImageMessage;
import org.springframework.ai.image.ImageModel;
import org.springframework.ai.image.ImageOptions;
import org.springframework.ai.image.ImagePrompt;
import org.springframework.ai.image.ImageResponse;
import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.ai.retry.TransientAiException;

/** The image model of Spring AI on the embedded base. */
class LikenessAiImageModelTest {
  private static final String PROMPT = "portrait of a woman";

  private static BaseModel base;
  private static GenerationQueue queue;
  private static ImageModel model;

  @BeforeAll
  static void open() {
    base = BaseModel.open(PortraitModel.files(), Compute.cpu(DType.F32));
    queue = GenerationQueue.on(base, MemoryBudget.unlimited());
    model = LikenessAiImageModel.on(queue).options(LikenessAiImageModelTest::brief);
  }

  @AfterAll
  static void close() {
    queue.close();
    base.close();
  }

  private static ImageRequest brief(ImageRequest ask) {
    return ask.steps(2).seed(7);
  }

  @Test
  void generatesTheImageOfTheLibrary() {
    ImageGeneration result = model.call(new ImagePrompt(PROMPT)).getResult();
    assertEquals(base.generate(brief(ImageRequest.of(PROMPT))).image(), read(result));
    assertEquals(new LikenessAiImageModel.Seed(7), result.getMetadata());
  }

  @Test
  void generatesSeveralImagesOfASize() {
    ImageResponse response =
        model.call(new ImagePrompt(PROMPT, new Options(2, null, 192, 256, null, null)));
    List<RgbImage> expected = Stream.of(7, 8)
        .map(seed -> base.generate(brief(ImageRequest.of(PROMPT)).size(192, 256).seed(seed))
            .image())
        .toList();
    assertEquals(
        expected,
        response.getResults().stream().map(LikenessAiImageModelTest::read).toList());
  }

  @Test
  void readsNegativePromptsFromWeights() {
    ImageResponse response = model.call(new ImagePrompt(List.of(
        new ImageMessage("portrait"),
        new ImageMessage("of a woman", 1f),
        new ImageMessage("blurry", -1f))));
    GeneratedImage expected =
        base.generate(brief(ImageRequest.of("portrait, of a woman")).negative("blurry"));
    assertEquals(expected.image(), read(response.getResult()));
    assertEquals(
        "a message of an image prompt has the weight 0.5; give 1 for the prompt, or -1 for the"
            + " negative prompt",
        refused(new ImagePrompt(List.of(new ImageMessage(PROMPT, 0.5f)))).getMessage());
  }

  @Test
  void choosesAnotherSeedForEachCall() {
    ImageModel varied = LikenessAiImageModel.on(queue).options(ask -> ask.steps(1));
    ImagePrompt prompt = new ImagePrompt(PROMPT);
    assertNotEquals(
        varied.call(prompt).getResult().getMetadata(),
        varied.call(prompt).getResult().getMetadata());
  }

  @Test
  void mapsErrorsOfTheCaller() {
    assertEquals(
        "this image model does not accept the response format \"url\" of an image prompt; leave it"
            + " out, or give b64_json",
        refused(new ImagePrompt(PROMPT, new Options(null, null, null, null, "url", null)))
            .getMessage());
    refused(new ImagePrompt(PROMPT, new Options(null, "dall-e-3", null, null, null, null)));
    refused(new ImagePrompt(PROMPT, new Options(null, null, null, null, null, "vivid")));
    NonTransientAiException size =
        refused(new ImagePrompt(PROMPT, new Options(null, null, 7, null, null, null)));
    assertInstanceOf(IllegalArgumentException.class, size.getCause());
    assertTrue(size.getMessage().contains("multiples of"), size.getMessage());
    refused(new ImagePrompt(PROMPT, new Options(0, null, null, null, null, null)));
  }

  @Test
  void mapsErrorsOfTheMachine() {
    ImageModel full = LikenessAiImageModel.on(queue).options(ask -> {
      throw new ResourceLimitException("the disk is full; free some space");
    });
    ImagePrompt prompt = new ImagePrompt(PROMPT);
    TransientAiException failed = assertThrows(TransientAiException.class, () -> full.call(prompt));
    assertEquals("the disk is full; free some space", failed.getMessage());
    Thread.currentThread().interrupt();
    assertInstanceOf(CancelledException.class, refused(prompt).getCause());
    Thread.interrupted();
  }

  @Test
  void refusesMoreImagesThanItsLimit() {
    assertEquals(
        "a call asks for 9 images, and this image model generates at most 8 in a call; ask for"
            + " fewer images, or raise likeness.max-images",
        refused(new ImagePrompt(PROMPT, new Options(9, null, null, null, null, null)))
            .getMessage());
    refused(new ImagePrompt(PROMPT, new Options(Integer.MAX_VALUE, null, null, null, null, null)));
    ImageModel many = LikenessAiImageModel.on(queue).maxImages(2).options(ask -> ask.count(3));
    assertThrows(NonTransientAiException.class, () -> many.call(new ImagePrompt(PROMPT)));
    assertEquals(
        "an image model must allow at least 1 image in a call, got 0",
        assertThrows(
                IllegalArgumentException.class,
                () -> LikenessAiImageModel.on(queue).maxImages(0))
            .getMessage());
  }

  @Test
  void keepsToTheBudgetAndTheCapacityOfTheQueue() throws Exception {
    GenerationQueue.Options one = new GenerationQueue.Options(1, 1, Long.MAX_VALUE);
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Void> end = new CompletableFuture<>();
    ImagePrompt three = new ImagePrompt(PROMPT, new Options(3, null, null, null, null, null));
    try (GenerationQueue busy = GenerationQueue.on(HeadshotStudio.on(base), one)) {
      ImageModel through = LikenessAiImageModel.on(busy).options(LikenessAiImageModelTest::brief);
      busy.submit(
          run -> {
            started.countDown();
            end.join();
            return null;
          },
          0);
      started.await();
      TransientAiException full =
          assertThrows(TransientAiException.class, () -> through.call(three));
      assertInstanceOf(GenerationQueue.QueueFullException.class, full.getCause());
      assertEquals(0, busy.waiting(), "the images that found room are cancelled");
      end.complete(null);
      assertEquals(1, through.call(new ImagePrompt(PROMPT)).getResults().size());
      busy.close();
      assertThrows(NonTransientAiException.class, () -> through.call(new ImagePrompt(PROMPT)));
    }
    try (GenerationQueue small = GenerationQueue.on(base, MemoryBudget.ofBytes(1 << 20))) {
      ImageModel through = LikenessAiImageModel.on(small);
      TransientAiException large =
          assertThrows(TransientAiException.class, () -> through.call(new ImagePrompt(PROMPT)));
      assertInstanceOf(ResourceLimitException.class, large.getCause());
    }
  }

  private static NonTransientAiException refused(ImagePrompt prompt) {
    return assertThrows(NonTransientAiException.class, () -> model.call(prompt));
  }

  private static RgbImage read(ImageGeneration generation) {
    return RgbImage.read(
        "result", Base64.getDecoder().decode(generation.getOutput().getB64Json()));
  }

  /** Options of a call; the builders of Spring AI 1.1 and 2.0 differ. */
  private record Options(
      Integer n, String model, Integer width, Integer height, String responseFormat, String style)
      implements ImageOptions {
    @Override
    public Integer getN() {
      return n;
    }

    @Override
    public String getModel() {
      return model;
    }

    @Override
    public Integer getWidth() {
      return width;
    }

    @Override
    public Integer getHeight() {
      return height;
    }

    @Override
    public String getResponseFormat() {
      return responseFormat;
    }

    @Override
    public String getStyle() {
      return style;
    }
  }
}
