package dev.likeness.diffusion.internal.pipeline;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.sd3.Sd3Networks;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.SamplingOptions;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class PromptWarningsTest {
  private static final ImageRequest REQUEST = ImageRequest.of("a cat")
      .negative("a dog")
      .steps(2)
      .size(16, 16)
      .seed(4)
      .guidance(4)
      .scheduler("Euler");

  private static final String NEGATIVE_IGNORED =
      "the negative prompt has no effect: classifier-free guidance (--guidance, or --true-cfg with a guidance"
          + " embedding) is off, or this base does not support it";

  private static final String UNTRAINED =
      "text_encoder was not trained on these words of the prompt: %s; their effect is random, so use"
          + " other words";

  private final List<Long> encoded = Collections.synchronizedList(new ArrayList<>());

  @TempDir
  private Path scratch;

  @BeforeEach
  void clearEncoded() {
    encoded.clear();
  }

  @Test
  void encodesAPromptOnceForAllItsImages() {
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(),
        Compute.EXACT)) {
      assertEquals(
          9,
          base.generateAll(List.of(REQUEST.count(9).adapter(countingAdapter()))).size());
      assertEquals(List.of(1L, 1L), encoded, "the prompt and the negative one, in three passes");
    }
  }

  @Test
  void encodesAgainOnlyPromptsThatChangeDuringSampling() {
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(),
        Compute.EXACT)) {
      base.generateAll(List.of(REQUEST
          .prompt("a [cat:dog:2]")
          .steps(4)
          .syntax(PromptSyntax.A1111)
          .count(5)
          .adapter(countingAdapter())));
      assertEquals(3, encoded.size(), "two prompts and the negative one");
    }
  }

  @Test
  void encodesOnceWhereMemoryIsForOneImage() {
    ModelFiles files = ModelFiles.of(PipelineFolder.write("flux/dev", scratch).path());
    try (BaseModel base =
        BaseModel.open(files, Compute.EXACT, MemoryBudget.of("60GiB").size(32, 32))) {
      base.generateAll(List.of(
          REQUEST.size(32, 32).negative("").guidance(3).count(3).adapter(countingAdapter())));
      assertEquals(2, encoded.size(), "CLIP and T5");
    }
  }

  @Test
  void skipsLayersOfClipAloneAndForThePromptAloneInStableDiffusion3() {
    try (BaseModel base =
            BaseModel.open(PipelineFolder.write("sd3/three", scratch).path(), Compute.EXACT);
        TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Conditioning whole = EngineAccess.model(base)
          .encode(REQUEST, component -> Adaptation.NONE, PromptSchedule.of(1));
      Conditioning skipped = EngineAccess.model(base)
          .encode(REQUEST.clipSkip(1), component -> Adaptation.NONE, PromptSchedule.of(1));
      assertSame(whole.at(0, true).tokens(), skipped.at(0, true).tokens());
      assertSame(whole.at(0, false).pooled(), skipped.at(0, false).pooled());
      Tensor clip = EngineAccess.model(base)
          .networks(Sd3Networks.class)
          .clipTextEncoders()
          .get(0)
          .promptEncoder(Adaptation.NONE)
          .encode(List.of("a cat"), 2)
          .tokens();
      Tensor told = skipped.at(0, false).tokens();
      assertSame(clip, told.narrow(1, 0, 77).narrow(2, 0, clip.size(2)));
      assertSame(whole.at(0, false).tokens().narrow(1, 77, 256), told.narrow(1, 77, 256));
    }
  }

  private static void assertSame(Tensor expected, Tensor actual) {
    assertArrayEquals(
        ImageTensors.floats(expected.contiguous()),
        ImageTensors.floats(actual.contiguous()),
        1e-5f);
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "sd3/three", "klein/base", "zimage/turbo"})
  void refusesPromptsThatAFamilyCannotRead(String name) {
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write(name, scratch).path(), Compute.EXACT)) {
      ImageRequest request = REQUEST.size(32, 32);
      PromptEmbedding embedding = new PromptEmbedding(new float[4], 1, new float[0]);
      assertRefused("the prompt syntax", base, request.syntax(PromptSyntax.A1111));
      assertRefused("the prompt syntax", base, request.embedding(embedding));
      assertRefused("the prompt syntax", base, request.negativeEmbedding(embedding));
      assertRefused(
          name.startsWith("sd3") ? "a text encoder of " : "this base does not support clip skip 99",
          base,
          request.clipSkip(99));
    }
  }

  @Test
  void refusesToSkipMoreLayersThanThereAre() {
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(),
        Compute.EXACT)) {
      int layers = EngineAccess.model(base)
          .networks(StableDiffusionNetworks.class)
          .clipTextEncoders()
          .get(0)
          .config()
          .layers();
      base.generate(REQUEST.clipSkip(layers));
      assertRefused(
          "a text encoder of " + layers + " layers cannot skip its last 20",
          base,
          REQUEST.clipSkip(20));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "sd1/base, text_encoder",
    "sdxl/xl-base, text_encoder text_encoder_2",
    "flux/dev, text_encoder text_encoder_2",
    "sd3/three, text_encoder text_encoder_2 text_encoder_3",
    "klein/base, text_encoder",
    "zimage/turbo, text_encoder"
  })
  void warnsOfWhatEachTextEncoderCutsOff(String name, String encoders) {
    try (BaseModel base = BaseModel.open(PipelineFolder.any(name, scratch), Compute.EXACT)) {
      ImageRequest request = REQUEST
          .negative("")
          .size(32, 32)
          .guidance(1)
          .sampling(SamplingOptions.DEFAULT.seed(4).steps(1));
      assertEquals(List.of(), warnings(base, request));
      List<String> told =
          warnings(base, request.prompt("red hair ".repeat(600) + "glasses").count(2));
      assertEquals(
          encoders,
          told.stream()
              .map(words -> words.substring(0, words.indexOf(" reads")))
              .collect(Collectors.joining(" ")));
      told.forEach(
          words -> assertEquals("red hair glasses\"", words.substring(words.length() - 17)));
    }
  }

  @Test
  void warnsOnceOfTheTruncatedTextOfEachUsedPrompt() {
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(),
        Compute.EXACT)) {
      ImageRequest request = REQUEST
          .prompt("a ".repeat(75) + "B C")
          .negative("a ".repeat(75) + "D")
          .hires(HiresFix.pixels(2, 0.5));
      String start = "text_encoder reads 77 tokens of a prompt; the rest was truncated: ";
      assertEquals(List.of(start + "\"b c\"", start + "\"d\""), warnings(base, request));
      assertEquals(
          List.of(start + "\"b c\"", NEGATIVE_IGNORED), warnings(base, request.guidance(1)));
      assertEquals(List.of(), warnings(base, request.syntax(PromptSyntax.A1111)));
      PromptEmbedding given = base.encode("a cat");
      assertEquals(List.of(), warnings(base, request.embedding(given).negativeEmbedding(given)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "xl-base"})
  void warnsOfWordsThatATextEncoderWasNotTrainedOn(String variant) throws IOException {
    Path folder =
        GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, scratch).path();
    Path config = folder.resolve("tokenizer/tokenizer_config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceFirst("\\{", "{\"known_words\": [\"a\", \"cat\", \"caf\u00e9\"],"));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      ImageRequest request =
          REQUEST.size(32, 32).sampling(SamplingOptions.DEFAULT.seed(4).steps(1));
      assertEquals(
          List.of(UNTRAINED.formatted("\"zebra\", \"on\", \"mars\", \"dog\"")),
          warnings(base, request.prompt("a Zebra on (Mars), a zebra, 3 cat's").count(2)));
      assertEquals(List.of(), warnings(base, request.prompt("A CAT, CAFE\u0301").negative("")));
      assertEquals(
          List.of(UNTRAINED.formatted("\"zebra\"")),
          warnings(
              base,
              request
                  .prompt("a (zebra:1.3) BREAK [cat]")
                  .negative("a cat")
                  .syntax(PromptSyntax.A1111)));
      assertEquals(
          List.of(),
          warnings(base, request.prompt("a cat").negative("a dog").guidance(1)).stream()
              .filter(words -> !words.equals(NEGATIVE_IGNORED))
              .toList());
      PromptEmbedding given = base.encode("a cat");
      assertEquals(List.of(), warnings(base, request.embedding(given).negativeEmbedding(given)));
    }
  }

  @Test
  void takesTokensOfTextualInversionsForKnownWords() throws IOException {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path();
    Path config = folder.resolve("tokenizer/tokenizer_config.json");
    Files.writeString(
        config, Files.readString(config).replaceFirst("\\{", "{\"known_words\": [\"a\"],"));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      ImageRequest request = REQUEST.prompt("a <ada-1> <ada-1>").negative("");
      assertEquals(List.of(UNTRAINED.formatted("\"ada\"")), warnings(base, request));
      assertEquals(
          List.of(),
          warnings(
              base,
              request.textualInversion(
                  new TextualInversion("<ada-1>", Map.of(32, new float[32])))));
    }
  }

  @ParameterizedTest
  @CsvSource({"sd3/medium, 1", "flux/dev, 4", "klein/distilled, 4", "zimage/turbo, 0"})
  void warnsOnceThatTheNegativePromptIsIgnored(String name, double guidance) {
    try (BaseModel base = BaseModel.open(PipelineFolder.any(name, scratch), Compute.EXACT)) {
      ImageRequest request = REQUEST
          .size(32, 32)
          .guidance(guidance)
          .sampling(SamplingOptions.DEFAULT.seed(4).steps(1).count(5));
      assertEquals(List.of(NEGATIVE_IGNORED), warnings(base, request));
      assertEquals(List.of(), warnings(base, request.negative(" ")));
    }
  }

  @Test
  void warnsOfAPlaceholderTokenThatNoPromptContains() {
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(),
        Compute.EXACT)) {
      ImageRequest request = REQUEST
          .textualInversion(new TextualInversion("Ada", Map.of(32, new float[32])))
          .count(5);
      assertEquals(
          List.of("the textual inversion \"Ada\" has no effect: no prompt names its token"),
          warnings(base, request));
      assertEquals(
          List.of(), warnings(base, request.negative("(ada:1.2)").syntax(PromptSyntax.A1111)));
      // Another name of the same embeddings needs no prompt of its own.
      assertEquals(
          List.of(),
          warnings(
              base,
              request
                  .textualInversion(new TextualInversion("style", Map.of(32, new float[32])))
                  .negative("style")));
    }
  }

  private static List<String> warnings(BaseModel base, ImageRequest request) {
    List<String> notices = new ArrayList<>();
    base.generateAll(request, Run.of(event -> {
      if (event instanceof ProgressEvent.Notice notice) {
        notices.add(notice.message());
      }
    }));
    return notices;
  }

  @Test
  void refusesUnsupportedWebUiSyntax() {
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path(),
        Compute.EXACT)) {
      ImageRequest request = REQUEST.syntax(PromptSyntax.A1111);
      String tag =
          " has <lora:ada:0.8>, which loads a file in the web UI; remove it, and give a LoRA as an adapter:"
              + " ImageRequest.adapter(Lora.open(FILE, base).at(WEIGHT)), or --lora FILE@WEIGHT";
      assertRefused("the prompt" + tag, base, request.prompt("a [<lora:ada:0.8> cat:dog:0.5]"));
      assertRefused("the negative prompt" + tag, base, request.negative("(<lora:ada:0.8>:1.2)"));
      assertRefused(
          "the prompt has <hypernet:old:1>", base, request.prompt("a cat <hypernet:old:1>"));
      assertRefused(
          "prompts joined by AND are not supported (\"a cat AND a dog :1.2\"); use one of"
              + " the prompts, or write AND in lower case",
          base,
          request.prompt("a cat AND a dog :1.2"));
      assertRefused("the prompt ends in \": 1.2\"", base, request.prompt("a cat : 1.2"));
      base.generate(
          request.prompt("a BRAND and a <cat> (x < y:1.1) # AND").negative("salt AND pepper :1"));
      base.generate(request
          .prompt("<toy:cat>")
          .textualInversion(new TextualInversion("<Toy:cat>", Map.of(32, new float[32]))));
      base.generate(REQUEST.prompt("<lora:ada:0.8> AND a dog"));
    }
  }

  private static void assertRefused(String words, BaseModel base, ImageRequest request) {
    String message = assertThrows(IllegalArgumentException.class, () -> base.generate(request))
        .getMessage();
    assertEquals(words, message.substring(0, words.length()));
  }

  /** Notes the rows of each batch that a text encoder's first attention sees. */
  private ModelAdapter countingAdapter() {
    AdapterLayer path = input -> {
      encoded.add(input.size(0));
      return input.new_zeros(input.size(0), input.size(1), input.size(2));
    };
    Adaptation first = new Adaptation() {
      @Override
      public List<AdapterLayer> adapterLayers(String module) {
        return module.endsWith("layers.0.self_attn.q_proj")
                || module.endsWith("block.0.layer.0.SelfAttention.q")
            ? List.of(path)
            : List.of();
      }
    };
    return ModelAdapter.changing((component, generation) ->
        component.folder().startsWith("text_encoder") ? first : Adaptation.NONE);
  }
}
