package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.pickle.CraftedPickle;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.internal.GoldenRuns;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.vision.GoldenImageEncoder;
import dev.likeness.lora.Lora;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images that the published pipeline of PhotoMaker drew: {@code photomaker.py} and
 * {@code photomaker_more.py} of {@code tools/goldens}.
 */
@ExtendWith(NoTensorLeaks.class)
class PhotoMakerTest {
  private static final String GOLDEN = "photomaker/reference.";
  private static final String MORE = "photomaker-more/reference.";
  private static BaseModel base;
  private static BaseModel small;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBases(@TempDir Path parent) {
    base = load("xl-base", parent);
    small = load("base", parent);
    // All components have been in use then.
    base.generate(ImageRequest.of("a woman").negative("blurry").steps(1).size(32, 24));
  }

  private static BaseModel load(String name, Path parent) {
    return GoldenFolder.load(
        GoldenFolder.write(name, GoldenFolder.KeyFormat.PUBLISHED, parent).path());
  }

  @AfterAll
  static void closesTheBases() {
    base.close();
    small.close();
  }

  private static List<Map<?, ?>> goldenRuns() {
    return goldenRuns(GOLDEN);
  }

  private static List<Map<?, ?>> goldenRuns(String file) {
    return ((List<?>) GoldenNetwork.json(file + "json").get("runs"))
        .stream().<Map<?, ?>>map(run -> (Map<?, ?>) run).toList();
  }

  static IntStream runs() {
    return IntStream.range(0, goldenRuns().size());
  }

  private Path write(String version, Consumer<Map<String, Tensor>> change) {
    Map<?, ?> files = (Map<?, ?>) GoldenNetwork.json(GOLDEN + "json").get("files");
    try (TensorScope scope = TensorScope.open()) {
      return GoldenNetwork.write(
          (Map<?, ?>) files.get(version),
          folder.resolve("photomaker-" + version + ".safetensors"),
          change);
    }
  }

  private static List<Reference> references(Map<?, ?> run, Tensor faces) {
    List<Reference> references = new ArrayList<>();
    List<?> photos = (List<?>) run.get("photos");
    List<?> rows = (List<?>) run.get("faces");
    for (int i = 0; i < photos.size(); i++) {
      RgbImage photo = RgbImage.read(GoldenImageEncoder.file((String) photos.get(i)));
      references.add(
          rows.isEmpty()
              ? Reference.of(photo)
              : Reference.face(ImageTensors.floats(faces.select(0, (Integer) rows.get(i))), photo));
    }
    return references;
  }

  private static ImageRequest request(Map<?, ?> run) {
    ImageRequest request = ImageRequest.of((String) run.get("prompt"))
        .guidance(((Number) run.get("guidance")).doubleValue())
        .steps((Integer) run.get("steps"))
        .size((Integer) run.get("width"), (Integer) run.get("height"))
        .seed(((Number) run.get("seed")).longValue())
        .scheduler("euler");
    return run.get("negative") == null ? request : request.negative((String) run.get("negative"));
  }

  /** Writes a file as torch.save does: a dictionary of two dictionaries. */
  private Path writePickle(String version) {
    Map<?, ?> files = (Map<?, ?>) GoldenNetwork.json(GOLDEN + "json").get("files");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = GoldenNetwork.weights((Map<?, ?>) files.get(version));
      int total =
          tensors.values().stream().mapToInt(tensor -> (int) tensor.numel()).sum();
      ByteBuffer storage = ByteBuffer.allocate(4 * total).order(ByteOrder.LITTLE_ENDIAN);
      CraftedPickle pickle = CraftedPickle.start().raw("}(");
      for (String part : List.of("id_encoder", "lora_weights")) {
        pickle.text(part).raw("}(");
        tensors.forEach((name, tensor) -> {
          if (name.startsWith(part + ".")) {
            int offset = storage.position() / 4;
            storage.asFloatBuffer().put(ImageTensors.floats(tensor));
            storage.position(storage.position() + 4 * (int) tensor.numel());
            pickle
                .text(name.substring(part.length() + 1))
                .tensor("0", total, offset, tensor.shape(), strides(tensor.shape()));
          }
        });
        pickle.raw("u");
      }
      Path file = CraftedPickle.zip(
          folder,
          Map.of("archive/data.pkl", pickle.raw("u").stop(), "archive/data/0", storage.array()));
      return Files.move(file, folder.resolve("photomaker-" + version + ".bin"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long[] strides(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5})
  void readsThePickledFilesThatArePublished(int index) {
    assertGeneratesAsThePublishedPipeline(
        index, writePickle((String) goldenRuns().get(index).get("version")));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsThePublishedPipeline(int index) {
    assertGeneratesAsThePublishedPipeline(
        index, write((String) goldenRuns().get(index).get("version"), t -> {}));
  }

  static IntStream moreRuns() {
    return IntStream.range(0, goldenRuns(MORE).size());
  }

  @ParameterizedTest
  @MethodSource("moreRuns")
  void generatesBesideALoraAsThePublishedPipeline(int index) {
    Map<?, ?> run = goldenRuns(MORE).get(index);
    GoldenRuns golden = new GoldenRuns(MORE + "safetensors", 1e-3);
    Path file = write((String) run.get("version"), t -> {});
    double scale = GoldenRuns.number(run, "beside");
    if (scale == 0) {
      assertGenerates(MORE, index, file, request -> request);
      return;
    }
    try (Lora lora = Lora.open(golden.lora(folder), base)) {
      assertGenerates(MORE, index, file, request -> request.adapter(lora.at(scale)));
    }
  }

  private static void assertGeneratesAsThePublishedPipeline(int index, Path file) {
    assertGenerates(GOLDEN, index, file, request -> request);
  }

  private static void assertGenerates(
      String record, int index, Path file, UnaryOperator<ImageRequest> beside) {
    Map<?, ?> run = goldenRuns(record).get(index);
    try (TensorScope scope = TensorScope.open();
        Safetensors golden = GoldenNetwork.tensors(record + "safetensors");
        IpAdapter adapter = IpAdapter.open(file, base)) {
      ImagePrompt prompt = adapter.prompt(references(run, golden.read("faces")));
      double start = ((Integer) run.get("start")).doubleValue() / (Integer) run.get("steps");
      // Step 0 of the published pipeline has no identity at all.
      prompt = prompt.between(Math.max(start, 1e-9), 1);
      if (run.get("lora") != null) {
        prompt = prompt.loraScale(((Number) run.get("lora")).doubleValue());
      }
      GeneratedImage image = base.generate(beside.apply(request(run).adapter(prompt.at(1))));
      Closeness.assertImage(
          1e-3, golden.read("run" + index + ".images").select(0, 0), image, "run " + index);
    }
  }

  private GeneratedImage generate(IpAdapter adapter, String words, double weight) {
    return base.generate(ImageRequest.of(words)
        .steps(3)
        .size(32, 24)
        .seed(7)
        .adapter(adapter.prompt(photos(1)).between(0, 1).at(weight)));
  }

  private static List<Reference> photos(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> Reference.of(RgbImage.read(GoldenImageEncoder.file("64x64.png"))))
        .toList();
  }

  @Test
  void isTheBaseAloneWithoutTheTriggerWordAtWeightZero() {
    try (IpAdapter adapter = IpAdapter.open(write("v1", t -> {}), base)) {
      float[] none = generate(adapter, "a woman img, in a park", 0).pixels();
      ImageRequest plain =
          ImageRequest.of("a woman, in a park").steps(3).size(32, 24).seed(7);
      assertArrayEquals(base.generate(plain).pixels(), none, 1e-6f);
      float[] whole = generate(adapter, "a woman img, in a park", 1).pixels();
      float[] half = generate(adapter, "a woman img, in a park", 0.5).pixels();
      assertTrue(distance(none, whole) > 1e-3, "no effect");
      assertTrue(distance(half, whole) > 1e-4, "no effect of the weight");
    }
  }

  private static double distance(float[] one, float[] other) {
    return IntStream.range(0, one.length)
        .mapToDouble(i -> Math.abs(one[i] - other[i]))
        .max()
        .orElseThrow();
  }

  @Test
  void usesPhotosFromItsShareOfTheStepsOn() {
    try (IpAdapter adapter = IpAdapter.open(write("v1", t -> {}), base)) {
      ImagePrompt prompt = adapter.prompt(photos(1)).loraScale(0);
      ImageRequest request =
          ImageRequest.of("a woman img").steps(5).size(32, 24).seed(7);
      ImageRequest plain = ImageRequest.of("a woman").steps(5).size(32, 24).seed(7);
      float[] late =
          base.generate(request.adapter(prompt.between(0.9, 1).at(1))).pixels();
      assertArrayEquals(base.generate(plain).pixels(), late, 1e-6f);
      float[] usual = base.generate(request.adapter(prompt.at(1))).pixels();
      float[] afterTwo =
          base.generate(request.adapter(prompt.between(0.2, 1).at(1))).pixels();
      assertArrayEquals(afterTwo, usual);
    }
  }

  @Test
  void namesAPersonWithTheTriggerWord() {
    try (IpAdapter adapter = IpAdapter.open(write("v1", t -> {}), base)) {
      assertEquals("woman img", adapter.prompt(photos(1)).withPhrase("woman").phrase());
      assertEquals(
          "woman img", adapter.prompt(photos(1)).withPhrase("woman img").phrase());
      assertEquals("person img", adapter.prompt(photos(2)).phrase());
    }
  }

  @Test
  void saysWhatItNeeds() {
    IpAdapterFile.Kind first = IpAdapterFile.of(write("v1", t -> {})).requireFor(base);
    assertEquals("PhotoMaker", first.title());
    assertFalse(first.needsImageEncoder());
    assertFalse(first.needsFaceEmbedder());
    assertEquals("a PhotoMaker adapter for a base with context 72", first.description());
    IpAdapterFile.Kind second = IpAdapterFile.of(write("v2", t -> {})).requireFor(base);
    assertEquals("PhotoMaker v2", second.title());
    assertFalse(second.needsImageEncoder());
    assertTrue(second.needsFaceEmbedder());
  }

  private static final String TRIGGER = "PhotoMaker needs its trigger word \"img\" once, behind a"
      + " class word, as in \"photo of a woman img\"; the prompt ";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a woman=has none",
        "=has none",
        "a woman img and a man img=has 2",
        "img=begins with it",
        "img img img=has 3",
        "img of a woman=begins with it"
      })
  void refusesAPromptWithoutOneTriggerWordBehindAWord(String given) {
    String words = given.substring(0, given.indexOf('='));
    try (IpAdapter adapter = IpAdapter.open(write("v1", t -> {}), base)) {
      assertEquals(
          TRIGGER + given.substring(given.indexOf('=') + 1),
          assertThrows(IllegalArgumentException.class, () -> generate(adapter, words, 1))
              .getMessage());
    }
  }

  @Test
  void refusesMorePhotosThanThePromptHasRoomFor() {
    try (IpAdapter adapter = IpAdapter.open(write("v1", t -> {}), base)) {
      ImageRequest request = ImageRequest.of("woman img")
          .steps(1)
          .size(32, 24)
          .adapter(adapter.prompt(photos(80)).between(0, 1).at(1));
      String message = assertThrows(IllegalArgumentException.class, () -> base.generate(request))
          .getMessage();
      assertEquals(
          "PhotoMaker needs 80 tokens of the prompt for the photos, but the text encoder truncates"
              + " the prompt after 73 of them; give fewer photos, or put the trigger word nearer to"
              + " the beginning",
          message);
    }
  }

  @Test
  void refusesSettingsThatItDoesNotHave() {
    try (IpAdapter adapter = IpAdapter.open(write("v1", t -> {}), base)) {
      ImagePrompt prompt = adapter.prompt(photos(1));
      RgbImage white = RgbImage.of(1, 1, new byte[] {-1, -1, -1});
      Map.of(
              "a mask", prompt.mask(white),
              "negative references", prompt.negative(photos(1)),
              "block weights", prompt.blockWeights(BlockWeights.of(Map.of("mid_block", 0.5))))
          .forEach((setting, wrong) -> assertEquals(
              adapter.describe() + " is a PhotoMaker adapter, which does not support " + setting
                  + "; leave this setting out",
              assertThrows(IllegalArgumentException.class, () -> wrong.at(1)).getMessage()));
    }
  }

  private void assertRefused(
      String message, String version, BaseModel model, Consumer<Map<String, Tensor>> change) {
    try (TensorScope scope = TensorScope.open()) {
      Path file = write(version, change);
      String found = assertThrows(
              InvalidInputException.class, () -> IpAdapter.open(file, model).close())
          .getMessage();
      assertEquals(file + message, found);
    }
  }

  @Test
  void namesFilesThatDoNotFit() {
    assertRefused(
        " is a PhotoMaker adapter without its part lora_weights; give photomaker-v1.bin"
            + " (photomaker of the catalogue, TencentARC/PhotoMaker:photomaker-v1.bin)",
        "v1",
        base,
        tensors -> tensors.keySet().removeIf(name -> name.startsWith("lora_weights.")));
    assertRefused(
        " is a PhotoMaker adapter without its part id_encoder; give photomaker-v1.bin"
            + " (photomaker of the catalogue, TencentARC/PhotoMaker:photomaker-v1.bin)",
        "v1",
        base,
        tensors -> tensors.keySet().removeIf(name -> name.startsWith("id_encoder.")));
    assertRefused(
        " has tensors that belong to no module of its config (1, e.g."
            + " \"id_encoder.vision_model.extra.weight\"); the file and the config are of different"
            + " models: use both files of one model",
        "v1",
        base,
        tensors -> tensors.put("id_encoder.vision_model.extra.weight", torch.ones(2)));
    assertRefused(
        ": \"unet.text.processor.to_q_lora.up.weight\" is no layer of the LoRA of PhotoMaker for"
            + " the base " + base.name() + "; give the published file",
        "v1",
        base,
        tensors ->
            tensors.put("lora_weights.unet.text.processor.to_q_lora.up.weight", torch.ones(2, 3)));
    assertRefused(
        ": no tensor \"id_encoder.fuse_module.mlp1.fc1.bias\"; closest:"
            + " id_encoder.fuse_module.mlp1.fc2.bias; the model may be of a variant that is not"
            + " supported, or the file and its config of different models: use both files of one"
            + " published model",
        "v2",
        base,
        tensors -> tensors.remove("id_encoder.fuse_module.mlp1.fc1.bias"));
  }

  @Test
  void isRefusedForABaseOfAnotherWidth() {
    Path file = write("v1", t -> {});
    String message = assertThrows(
            InvalidInputException.class, () -> IpAdapter.open(file, small).close())
        .getMessage();
    assertEquals(
        file + " is a PhotoMaker adapter for a base with context 72, but the base " + small.name()
            + " is a base with context 32; give an adapter for this base",
        message);
  }

  @Test
  void needsAFaceEmbeddingThatIsNotNormalisedForVersionTwo() {
    try (IpAdapter adapter = IpAdapter.open(write("v2", t -> {}), base)) {
      RgbImage photo = RgbImage.read(GoldenImageEncoder.file("64x64.png"));
      assertEquals(
          "a PhotoMaker v2 adapter needs a face embedding and the whole photo, but the reference"
              + " has only an image",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> adapter.prompt(List.of(Reference.of(photo))))
              .getMessage());
      float[] unit = new float[24];
      unit[3] = 1;
      assertEquals(
          adapter.describe() + " needs face embeddings that are not normalised to length 1, got"
              + " one of length 1.000; use FaceEmbedder.embedRaw",
          assertThrows(
                  InvalidInputException.class,
                  () -> adapter.prompt(List.of(Reference.face(unit, photo))))
              .getMessage());
    }
  }
}
