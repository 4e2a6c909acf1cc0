package dev.likeness.integrations.langchain4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.NonRetriableException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.image.ImageModel;
import dev.langchain4j.model.output.Response;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.portrait.PortraitModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The image model of LangChain4j on the embedded base. */
class LikenessImageModelTest {
  private static final String PROMPT = "portrait of a woman";
  private static final int SIDE = 256;

  private static BaseModel base;
  private static GenerationQueue queue;
  private static ImageModel model;

  @BeforeAll
  static void open() {
    base = BaseModel.open(PortraitModel.files(), Compute.cpu(DType.F32));
    queue = GenerationQueue.on(base, MemoryBudget.unlimited());
    model = LikenessImageModel.on(queue).options(LikenessImageModelTest::brief);
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
    Response<Image> response = model.generate(PROMPT);
    GeneratedImage expected = base.generate(brief(ImageRequest.of(PROMPT)));
    assertEquals(expected.image(), read(response.content()));
    assertEquals("image/png", response.content().mimeType());
    assertEquals(List.of(7L), response.metadata().get("seeds"));
    assertEquals(base.name(), response.metadata().get("model"));
  }

  @Test
  void generatesSeveralImages() {
    Response<List<Image>> response = model.generate(PROMPT, 2);
    assertEquals(List.of(7L, 8L), response.metadata().get("seeds"));
    assertEquals(2, response.content().size());
    assertNotEquals(
        read(response.content().get(0)), read(response.content().get(1)), "seeds differ");
    assertEquals(
        Stream.of(7, 8)
            .map(
                seed -> base.generate(brief(ImageRequest.of(PROMPT)).seed(seed)).image())
            .toList(),
        response.content().stream().map(LikenessImageModelTest::read).toList());
  }

  @Test
  void choosesAnotherSeedForEachCall() {
    ImageModel varied = LikenessImageModel.on(queue).options(ask -> ask.steps(1));
    Response<Image> first = varied.generate(PROMPT);
    Response<Image> second = varied.generate(PROMPT);
    assertNotEquals(first.metadata().get("seeds"), second.metadata().get("seeds"));
    assertNotEquals(read(first.content()), read(second.content()));
  }

  @Test
  void editsAnImageByBase64OrDataUrl() {
    RgbImage photo = gradient();
    RgbImage expected = base.generate(
            brief(ImageRequest.of(PROMPT)).initialImage(InitialImage.of(photo)))
        .image();
    assertEquals(expected, read(model.edit(data(photo.toPng()), PROMPT).content()));
    Image url = Image.builder()
        .url(URI.create(
            "data:image/png;base64," + Base64.getEncoder().encodeToString(photo.toPng())))
        .build();
    assertEquals(expected, read(model.edit(url, PROMPT).content()));
    assertNotEquals(read(model.generate(PROMPT).content()), expected);
  }

  @Test
  void editsTheWhiteOrTheTransparentPartOfAMask() throws IOException {
    RgbImage photo = gradient();
    RgbImage white =
        read(model.edit(data(photo.toPng()), data(mask(false)), PROMPT).content());
    assertArrayEquals(
        photo.crop(0, 0, SIDE, SIDE / 4).rgb(), white.crop(0, 0, SIDE, SIDE / 4).rgb());
    assertNotEquals(
        photo.crop(0, SIDE / 2, SIDE, SIDE / 2), white.crop(0, SIDE / 2, SIDE, SIDE / 2));
    RgbImage transparent =
        read(model.edit(data(photo.toPng()), data(mask(true)), PROMPT).content());
    assertEquals(white, transparent);
  }

  @Test
  void marksImagesAsChosen() {
    GeneratedImage.Marking plain = GeneratedImage.Marking.PLAIN;
    Image image = LikenessImageModel.on(queue)
        .options(LikenessImageModelTest::brief)
        .marking(plain)
        .generate(PROMPT)
        .content();
    assertArrayEquals(
        base.generate(brief(ImageRequest.of(PROMPT))).toPng(plain),
        Base64.getDecoder().decode(image.base64Data()));
  }

  @Test
  void mapsErrorsOfTheCaller() {
    assertEquals(
        "the image has a URL that is not a data: URL with base64; other URLs are not loaded, so"
            + " load the file yourself, and give base64Data, or a data: URL with base64",
        invalid(() ->
                model.edit(Image.builder().url("https://example.org/a.png").build(), PROMPT))
            .getMessage());
    Image noise = data("no image".getBytes());
    assertInstanceOf(
        InvalidInputException.class, invalid(() -> model.edit(noise, PROMPT)).getCause());
    assertEquals(
        "the mask has no data; give base64Data, or a data: URL with base64",
        invalid(() -> model.edit(data(gradient().toPng()), Image.builder().build(), PROMPT))
            .getMessage());
    invalid(() -> model.edit(Image.builder().base64Data("a").build(), PROMPT));
    invalid(() -> model.generate(PROMPT, 0));
    invalid(() -> model.generate(null));
    ImageModel wrong = LikenessImageModel.on(queue).options(ask -> ask.scheduler("none such"));
    assertInstanceOf(
        IllegalArgumentException.class, invalid(() -> wrong.generate(PROMPT)).getCause());
  }

  @Test
  void mapsErrorsOfTheMachine() {
    ImageModel full = LikenessImageModel.on(queue).options(ask -> {
      throw new ResourceLimitException("the disk is full; free some space");
    });
    InternalServerException failed =
        assertThrows(InternalServerException.class, () -> full.generate(PROMPT));
    assertEquals("the disk is full; free some space", failed.getMessage());
    assertInstanceOf(ResourceLimitException.class, failed.getCause());
    Thread.currentThread().interrupt();
    NonRetriableException stopped =
        assertThrows(NonRetriableException.class, () -> model.generate(PROMPT));
    assertInstanceOf(CancelledException.class, stopped.getCause());
    Thread.interrupted();
  }

  @Test
  void refusesMoreImagesThanItsLimit() {
    assertEquals(
        "a call asks for 9 images, and this image model generates at most 8 in a call; ask for"
            + " fewer images, or raise maxImages",
        invalid(() -> model.generate(PROMPT, 9)).getMessage());
    invalid(() -> model.generate(PROMPT, Integer.MAX_VALUE));
    ImageModel two = LikenessImageModel.on(queue).maxImages(2);
    invalid(() -> two.generate(PROMPT, 3));
    assertEquals(
        "an image model must allow at least 1 image in a call, got 0",
        assertThrows(
                IllegalArgumentException.class,
                () -> LikenessImageModel.on(queue).maxImages(0))
            .getMessage());
  }

  @Test
  void keepsToTheBudgetAndTheCapacityOfTheQueue() throws Exception {
    GenerationQueue.Options one = new GenerationQueue.Options(1, 1, Long.MAX_VALUE);
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Void> end = new CompletableFuture<>();
    try (GenerationQueue busy = GenerationQueue.on(HeadshotStudio.on(base), one)) {
      ImageModel through = LikenessImageModel.on(busy).options(LikenessImageModelTest::brief);
      busy.submit(
          run -> {
            started.countDown();
            end.join();
            return null;
          },
          0);
      started.await();
      RateLimitException full =
          assertThrows(RateLimitException.class, () -> through.generate(PROMPT, 3));
      assertInstanceOf(GenerationQueue.QueueFullException.class, full.getCause());
      assertEquals(0, busy.waiting(), "the images that found room are cancelled");
      end.complete(null);
      assertEquals(1, through.generate(PROMPT, 1).content().size());
      busy.close();
      assertThrows(NonRetriableException.class, () -> through.generate(PROMPT));
    }
    try (GenerationQueue small = GenerationQueue.on(base, MemoryBudget.ofBytes(1 << 20))) {
      ImageModel through = LikenessImageModel.on(small);
      InternalServerException large =
          assertThrows(InternalServerException.class, () -> through.generate(PROMPT));
      assertInstanceOf(ResourceLimitException.class, large.getCause());
    }
  }

  private static InvalidRequestException invalid(Executable call) {
    return assertThrows(InvalidRequestException.class, call);
  }

  private static Image data(byte[] file) {
    return Image.builder().base64Data(Base64.getEncoder().encodeToString(file)).build();
  }

  private static RgbImage read(Image image) {
    return RgbImage.read("result", Base64.getDecoder().decode(image.base64Data()));
  }

  private static RgbImage gradient() {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % SIDE);
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }

  /** The lower half is generated: white on black, or transparent in a white image. */
  private static byte[] mask(boolean transparent) throws IOException {
    BufferedImage mask = new BufferedImage(
        SIDE, SIDE, transparent ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        boolean lower = y >= SIDE / 2;
        mask.setRGB(x, y, transparent ? lower ? 0 : 0xffffffff : lower ? 0xffffff : 0);
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(mask, "png", png);
    return png.toByteArray();
  }
}
