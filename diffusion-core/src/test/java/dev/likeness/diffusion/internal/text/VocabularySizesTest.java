package dev.likeness.diffusion.internal.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A text encoder may have more rows than its tokenizer has tokens, and a tokenizer may have tokens
 * that no prompt uses, as in diffusers. Only a token of the prompt beyond the rows is an error.
 */
@ExtendWith(NoTensorLeaks.class)
class VocabularySizesTest {
  private static final Pattern TABLES =
      Pattern.compile("(?:.*\\.)?(?:shared|embed_tokens|lm_head|token_embedding)\\.weight");
  private static final String ADDED = "zyzzyva";

  @TempDir
  private Path folder;

  private static ImageRequest request(String prompt) {
    return ImageRequest.of(prompt).steps(1).size(32, 32).seed(3);
  }

  private static float[] pixels(Path base, ImageRequest request) {
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      return model.generate(request).pixels();
    }
  }

  private static List<String> textEncoders(Path base) throws IOException {
    try (Stream<Path> parts = Files.list(base)) {
      return parts
          .map(part -> part.getFileName().toString())
          .filter(name -> name.startsWith("text_encoder"))
          .sorted()
          .toList();
    }
  }

  /** Gives a text encoder more rows, which are zeros, or fewer. */
  private static void resize(Path component, int rows) throws IOException {
    Path config = component.resolve("config.json");
    Map<String, Object> options = new LinkedHashMap<>(ModelConfig.read(config).values());
    options.put("vocab_size", rows);
    Files.write(config, JSON.std.asBytes(options));
    Path weights = component.resolve("model.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      try (Safetensors before = Safetensors.open(weights)) {
        for (String name : before.names()) {
          Tensor tensor = before.read(name).clone();
          tensors.put(name, TABLES.matcher(name).matches() ? withRows(tensor, rows) : tensor);
        }
      }
      SafetensorsWriter.write(weights, tensors, Map.of());
    }
  }

  private static Tensor withRows(Tensor table, int rows) {
    return table.size(0) >= rows
        ? table.slice(0, new LongOptional(0), new LongOptional(rows), 1).contiguous()
        : torch.cat(
            new TensorVector(
                table,
                torch.zeros(new long[] {rows - table.size(0), table.size(1)}, table.options())),
            0);
  }

  private static int rows(Path component) {
    return ModelConfig.read(component.resolve("config.json")).integer("vocab_size", 0);
  }

  /** Adds a token to a tokenizer, and returns the number of tokens before. */
  private static int addToken(Path tokenizer) throws IOException {
    Map<String, Object> document =
        new LinkedHashMap<>(ModelFile.object(Files.readString(tokenizer), tokenizer.toString()));
    Map<?, ?> model = (Map<?, ?>) document.get("model");
    List<Object> added = new ArrayList<>((List<?>) document.get("added_tokens"));
    Set<Object> texts = new HashSet<>();
    if (model.get("vocab") instanceof Map<?, ?> symbols) {
      texts.addAll(symbols.keySet());
    } else {
      ((List<?>) model.get("vocab")).forEach(piece -> texts.add(((List<?>) piece).get(0)));
    }
    added.forEach(token -> texts.add(((Map<?, ?>) token).get("content")));
    added.add(Map.of(
        "id",
        texts.size(),
        "content",
        ADDED,
        "special",
        false,
        "single_word",
        false,
        "lstrip",
        false,
        "rstrip",
        false,
        "normalized",
        false));
    document.put("added_tokens", added);
    Files.write(tokenizer, JSON.std.asBytes(document));
    return texts.size();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sd1/base",
        "sdxl/xl-base",
        "sd3/three",
        "flux/dev",
        "chroma/base",
        "klein/base",
        "zimage/turbo"
      })
  void rowsWithoutATokenChangeNothing(String name) throws IOException {
    Path base = PipelineFolder.any(name, folder);
    float[] expected = pixels(base, request("a cat, glasses"));
    for (String component : textEncoders(base)) {
      resize(base.resolve(component), 4 * rows(base.resolve(component)));
    }
    assertArrayEquals(expected, pixels(base, request("a cat, glasses")));
  }

  @ParameterizedTest
  @CsvSource({
    "sd1/base,text_encoder",
    "sdxl/xl-base,text_encoder_2",
    "sd3/three,text_encoder",
    "sd3/three,text_encoder_3",
    "flux/dev,text_encoder_2",
    "chroma/base,text_encoder",
    "klein/base,text_encoder",
    "zimage/turbo,text_encoder"
  })
  void onlyATokenOfThePromptBeyondTheRowsIsAnError(String name, String component)
      throws IOException {
    Path base = PipelineFolder.any(name, folder);
    float[] expected = pixels(base, request("a cat"));
    Path tokenizer =
        base.resolve(component.replace("text_encoder", "tokenizer")).resolve("tokenizer.json");
    int rows = addToken(tokenizer);
    resize(base.resolve(component), rows);
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      assertArrayEquals(expected, model.generate(request("a cat")).pixels());
      assertEquals(
          tokenizer + ": the token \"" + ADDED + "\" has the id " + rows
              + ", but the text encoder has only " + rows
              + " rows; give the tokenizer that the text encoder was trained with, or leave the"
              + " token out of the prompt",
          assertThrows(
                  InvalidInputException.class,
                  () -> model.generate(request("a cat " + ADDED + " with a hat")))
              .getMessage());
      assertArrayEquals(expected, model.generate(request("a cat")).pixels());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "sd1/base,text_encoder,<|startoftext|>,1012",
    "chroma/base,text_encoder,<extra_id_0>,254",
    "klein/base,text_encoder,<|im_start|>,402"
  })
  void aSpecialTokenBeyondTheRowsIsOne(String name, String component, String token, int id)
      throws IOException {
    Path base = PipelineFolder.any(name, folder);
    resize(base.resolve(component), id);
    Path tokenizer = base.resolve("tokenizer/tokenizer.json");
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      assertEquals(
          tokenizer + ": the token \"" + token + "\" has the id " + id
              + ", but the text encoder has only " + id
              + " rows; give the tokenizer that the text encoder was trained with",
          assertThrows(
                  InvalidInputException.class, () -> model.generate(request("a cat <extra_id_0>")))
              .getMessage());
    }
  }

  /** The ids of a textual inversion follow the rows of the text encoder. */
  @Test
  void textualInversionsFollowTheRows() throws IOException {
    Path base = PipelineFolder.any("sd1/base", folder);
    float[] vectors = new float[64];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = (float) Math.sin(i);
    }
    TextualInversion toy = new TextualInversion("<toy>", Map.of(32, vectors));
    ImageRequest named = request("a <toy> cat");
    named = named.prompts(named.prompts().textualInversion(toy));
    float[] expected = pixels(base, named);
    Path component = base.resolve("text_encoder");
    int rows = rows(component);
    resize(component, 3 * rows);
    assertArrayEquals(expected, pixels(base, named));
    resize(component, rows);
    addToken(base.resolve("tokenizer/tokenizer.json"));
    assertArrayEquals(expected, pixels(base, named));
    ImageRequest beyond = named.prompt("a <toy> cat " + ADDED);
    String message =
        assertThrows(InvalidInputException.class, () -> pixels(base, beyond)).getMessage();
    assertTrue(message.contains("the token \"" + ADDED + "\" has the id " + rows), message);
  }

  @Test
  void aConvertedModelKeepsItsRows() throws IOException {
    Path base = PipelineFolder.any("sd1/base", folder);
    float[] expected = pixels(base, request("a cat"));
    resize(base.resolve("text_encoder"), 3 * rows(base.resolve("text_encoder")));
    Path single = folder.resolve("whole.safetensors");
    CheckpointConverter.convert(base, single);
    assertArrayEquals(expected, pixels(single, request("a cat")));
  }

  /** The built-in tokenizer of CLIP serves a single file with more rows. */
  @Test
  void theBuiltInTokenizerServesMoreRows() throws IOException {
    Path base = PipelineFolder.any("sd1/full-vocabulary", folder);
    float[] expected = pixels(withoutTokenizer(base, "whole.safetensors"), request("a cat"));
    resize(base.resolve("text_encoder"), ClipTokenizer.CLIP_VOCABULARY + 5);
    Path more = withoutTokenizer(base, "more.safetensors");
    assertArrayEquals(expected, pixels(more, request("a cat")));
    resize(base.resolve("text_encoder"), ClipTokenizer.CLIP_VOCABULARY - 5);
    Path fewer = withoutTokenizer(base, "fewer.safetensors");
    assertEquals(
        fewer + ": its text encoder has 49403 tokens, but CLIP's tokenizer has 49408; give a"
            + " diffusers folder with its own tokenizer",
        assertThrows(InvalidInputException.class, () -> pixels(fewer, request("a cat")))
            .getMessage());
  }

  private Path withoutTokenizer(Path base, String name) {
    Path own = folder.resolve("own-" + name);
    CheckpointConverter.convert(base, own);
    Path out = folder.resolve(name);
    try (Safetensors all = Safetensors.open(own)) {
      Map<String, String> metadata = new HashMap<>(all.metadata());
      metadata.keySet().removeIf(key -> key.contains("tokenizer"));
      SafetensorsWriter.write(out, all, metadata);
    }
    return out;
  }

  /** A text encoder without a tokenizer uses that of the base. */
  @Test
  void aComponentOfAnotherSizeUsesTheTokenizerOfTheBase() throws IOException {
    Path base = PipelineFolder.any("flux/dev", folder);
    float[] expected = pixels(base, request("a cat"));
    Path component = Files.createDirectories(folder.resolve("other/text_encoder_2"));
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(base.resolve("text_encoder_2").resolve(file), component.resolve(file));
    }
    assertEquals(
        List.of(), ModelOpener.open(base).with("text_encoder_2", component).notices());
    resize(component, 1200);
    String notice = component + " has token embeddings for 1200 tokens and no tokenizer; the"
        + " tokenizer of the base is used, whose text encoder has 300; if images do not follow the"
        + " prompt, put the text encoder's own tokenizer into " + component;
    assertEquals(
        List.of(notice),
        ModelOpener.open(base).with("text_encoder_2", component).notices());
    try (BaseModel model =
        BaseModel.open(ModelFiles.of(base).with("text_encoder_2", component), Compute.EXACT)) {
      assertArrayEquals(expected, model.generate(request("a cat")).pixels());
    }
  }

  /** Transformers gives such a token an id that the text encoder was not trained with. */
  @Test
  void theFilesOfTwoTokenizersOfT5AreRefused() throws IOException {
    Path base = PipelineFolder.any("chroma/base", folder);
    Path tokenizer = base.resolve("tokenizer/tokenizer.json");
    Files.writeString(
        tokenizer, "{\"model\":{\"vocab\":[[\"<pad>\",0],[\"</s>\",0],[\"<unk>\",0],[\"a\",-1]]}}");
    assertEquals(
        tokenizer + " has no token \"<extra_id_0>\", which tokenizer_config.json beside it lists as"
            + " extra_special_tokens; give both files of the tokenizer that the text encoder was"
            + " trained with",
        assertThrows(InvalidInputException.class, () -> BaseModel.open(base, Compute.EXACT))
            .getMessage());
  }
}
