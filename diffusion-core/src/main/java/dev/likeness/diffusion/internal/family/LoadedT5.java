package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.text.T5Encoder;
import dev.likeness.diffusion.internal.text.T5Tokenizer;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A model's T5 encoder with its tokenizer. Immutable and shared by threads; closed by its model.
 */
public final class LoadedT5 extends LoadedTextEncoder<T5Tokenizer> {
  /** The second name of the embedding, which some files have in addition. */
  private static final Set<String> TIED_NAMES = Set.of("encoder.embed_tokens.weight");

  private final T5Encoder.T5Config config;

  private LoadedT5(
      ModelComponent component,
      Compute compute,
      T5Encoder.T5Config config,
      T5Tokenizer tokenizer,
      LoadedWeights weights) {
    super(component, compute, tokenizer, weights);
    this.config = config;
  }

  /** Opens the T5 encoder {@code component} of a model and checks every tensor of it. */
  public static LoadedT5 open(ModelComponents files, ModelComponent component, Compute compute) {
    T5Encoder.T5Config config = T5Encoder.T5Config.of(files.config(component.folder()));
    T5Tokenizer tokenizer =
        files.t5Tokenizer(component.folder().replace("text_encoder", "tokenizer"));
    LoadedWeights weights =
        load(tokenizer, () -> files.load(component.folder(), compute, T5Encoder.BLOCKS), loaded -> {
          loaded.check(tensors -> new T5Encoder(config, tensors), TIED_NAMES);
          loaded.loadViews();
        });
    return new LoadedT5(component, compute, config, tokenizer, weights);
  }

  /** The adapted encoder. */
  public T5Encoder encoder(Adaptation adaptation) {
    return new T5Encoder(config, Weights.of(weights, adaptation));
  }

  public T5Encoder.T5Config config() {
    return config;
  }

  /**
   * Encodes prompts, each truncated at {@code length} tokens, to [prompts, length, width], owned by
   * the calling scope.
   *
   * @param encoder this encoder, adapted or not; see {@link #encoder}
   */
  public Tensor encode(List<String> prompts, int length, T5Encoder encoder) {
    return encoder.forward(ids(prompts, length));
  }

  /**
   * Encodes prompts with padding masked in attention. Pooled is the number of tokens of each prompt
   * that are not padding, [prompts, 1].
   */
  public TextEncoding encodeMasked(List<String> prompts, int length, T5Encoder encoder) {
    Tensor counts = counts(prompts, length);
    return new TextEncoding(encoder.forward(ids(prompts, length), counts), counts);
  }

  /** The number of tokens of each prompt that are not padding, [prompts, 1]. */
  public Tensor counts(List<String> prompts, int length) {
    long[] own =
        prompts.stream().mapToLong(prompt -> tokenizer.count(prompt, length)).toArray();
    return torch
        .tensor(own)
        .view(prompts.size(), 1)
        .to(new Device(compute.device()), torch.ScalarType.Long);
  }

  private Tensor ids(List<String> prompts, int length) {
    int[] ids = prompts.stream()
        .flatMapToInt(prompt -> Arrays.stream(tokenizer.encode(prompt, length)))
        .toArray();
    tokenizer.requireRows(ids, config.vocabulary());
    Tensor batch =
        torch.tensor(Arrays.stream(ids).asLongStream().toArray()).view(prompts.size(), length);
    return batch.to(new Device(compute.device()), torch.ScalarType.Long);
  }

  /** The part of a prompt beyond {@code length} tokens. */
  public TruncatedPrompt truncated(String prompt, int length) {
    return new TruncatedPrompt(component(), length, tokenizer.truncatedText(prompt, length));
  }
}
