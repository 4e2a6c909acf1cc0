package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.Capabilities.TextInputs;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.Qwen3Config;
import dev.likeness.diffusion.internal.text.Qwen3Encoder;
import dev.likeness.diffusion.internal.text.QwenTokenizer;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A Qwen3 language model as text encoder, with its tokenizer. Immutable and shared by threads. */
public final class LoadedQwen3 extends LoadedTextEncoder<QwenTokenizer> {
  /** The default number of tokens of a prompt, including the chat template. */
  public static final int TOKENS = 512;

  /** The largest number of tokens of a prompt that a request may choose. */
  public static final int MAX_TOKENS = 1024;

  private final Qwen3Config config;
  private final Reading reading;

  /**
   * How a family reads the language model.
   *
   * @param thinking see {@link QwenTokenizer#encodePrompt}
   * @param layers the layers whose outputs are read
   * @param padding true if the outputs for padding are kept; otherwise they are zeros
   */
  public record Reading(boolean thinking, List<Integer> layers, boolean padding) {}

  private LoadedQwen3(
      Compute compute,
      Qwen3Config config,
      Reading reading,
      QwenTokenizer tokenizer,
      LoadedWeights weights) {
    super(ModelComponent.TEXT_ENCODER, compute, tokenizer, weights);
    this.config = config;
    this.reading = reading;
  }

  /**
   * Opens the text encoder of a model and checks every tensor of it.
   *
   * @param readingOf how the family reads a model of this config
   */
  public static LoadedQwen3 open(
      ModelComponents files, Compute compute, Function<Qwen3Config, Reading> readingOf) {
    String component = ModelComponent.TEXT_ENCODER.folder();
    Qwen3Config config = Qwen3Config.of(files.config(component));
    Reading reading = readingOf.apply(config);
    QwenTokenizer tokenizer = QwenTokenizer.of(files.tokenizerFiles("tokenizer"));
    LoadedWeights weights = load(
        tokenizer,
        () -> files.load(component, compute, Qwen3Encoder.BLOCKS),
        loaded -> loaded.check(tensors -> Qwen3Encoder.check(config, tensors), Set.of()));
    return new LoadedQwen3(compute, config, reading, tokenizer, weights);
  }

  /**
   * Returns a test for tensors that are used if the output of layer {@code last} is read: those up
   * to that layer.
   */
  public static Predicate<String> usedTensors(int last) {
    return name -> name.startsWith("model.embed_tokens.")
        || name.startsWith("model.layers.") && Integer.parseInt(name.split("\\.")[2]) < last;
  }

  /** Checks that the model has the layers that a transformer of this text width reads. */
  public void requireLayers(ModelComponents files, int width) {
    List<Integer> layers = reading.layers();
    if (Collections.max(layers) > config.layers() || layers.size() * config.width() != width) {
      throw new InvalidInputException(files.describe() + ": the text encoder has " + config.layers()
          + " layers of width " + config.width() + ", but the transformer reads layers " + layers
          + " of total width " + width + "; give components of one model");
    }
  }

  /**
   * Encodes the prompts of a request, which are the same in all steps.
   *
   * @param isGuided true if the negative prompt is encoded too
   */
  public Conditioning encode(
      ImageRequest request, boolean isGuided, Adaptation adaptation, PromptSchedule schedule) {
    return Conditioning.constant(
        encode(
            Conditioning.promptsToEncode(request, isGuided, false),
            TextInputs.length(request.prompts(), TOKENS),
            adaptation),
        schedule.rows());
  }

  /**
   * Encodes prompts, each truncated at {@code length} tokens.
   *
   * @param length the number of tokens
   * @return tokens [prompts, length, layers * width]; pooled is the number of prompt tokens,
   *     [prompts, 1], int64
   */
  public TextEncoding encode(List<String> prompts, int length, Adaptation adaptation) {
    List<int[]> promptIds = prompts.stream()
        .map(prompt -> tokenizer.encodePrompt(prompt, reading.thinking()))
        .map(ids -> Arrays.copyOf(ids, Math.min(ids.length, length)))
        .toList();
    int longest = reading.padding()
        ? length
        : promptIds.stream().mapToInt(ids -> ids.length).max().orElse(0);
    int[] ids = new int[prompts.size() * longest];
    Arrays.fill(ids, tokenizer.pad());
    for (int row = 0; row < promptIds.size(); row++) {
      for (int i = 0; i < promptIds.get(row).length; i++) {
        ids[row * longest + i] = promptIds.get(row)[i];
      }
    }
    tokenizer.requireRows(ids, config.vocabulary());
    try (TensorScope scope = TensorScope.open()) {
      Tensor counts =
          place(promptIds.stream().mapToLong(one -> one.length).toArray()).view(prompts.size(), 1);
      Tensor hidden = new Qwen3Encoder(config, reading.layers(), Weights.of(weights, adaptation))
          .forward(
              place(Arrays.stream(ids).asLongStream().toArray()).view(prompts.size(), longest),
              counts);
      Tensor all =
          torch.constant_pad_nd(hidden, new long[] {0, 0, 0, length - longest}, new Scalar(0.0));
      return new TextEncoding(scope.promote(all), scope.promote(counts));
    }
  }

  /** The truncated part of a request's prompt or negative prompt. */
  public TruncatedPrompt truncated(PromptOptions prompts, boolean isNegative) {
    int length = TextInputs.length(prompts, TOKENS);
    return new TruncatedPrompt(
        ModelComponent.TEXT_ENCODER,
        length,
        tokenizer.truncatedText(prompts.text(0, isNegative), reading.thinking(), length));
  }

  private Tensor place(long[] values) {
    return torch.tensor(values).to(new Device(compute.device()), torch.ScalarType.Long);
  }
}
