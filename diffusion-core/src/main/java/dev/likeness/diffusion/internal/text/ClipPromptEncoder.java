package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.adapter.PromptToken;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Encodes prompts with a tokenizer and one CLIP text encoder.
 *
 * @param inversions the textual inversions that prompts may name
 * @param trainedVectors the embeddings in training, [vectors, width], f32; null for those of the
 *     inversions
 */
public record ClipPromptEncoder(
    ClipTokenizer tokenizer,
    ClipTextEncoder encoder,
    Compute compute,
    List<TextualInversion> inversions,
    Tensor trainedVectors) {
  public ClipPromptEncoder {
    inversions = List.copyOf(inversions);
  }

  /** Without textual inversions. */
  public ClipPromptEncoder(ClipTokenizer tokenizer, ClipTextEncoder encoder, Compute compute) {
    this(tokenizer, encoder, compute, List.of(), null);
  }

  /** This encoder with textual inversions. */
  public ClipPromptEncoder withInversions(List<TextualInversion> inversions) {
    return new ClipPromptEncoder(tokenizer, encoder, compute, inversions, null);
  }

  /** This encoder with one textual inversion in training; its own embeddings are not used. */
  public ClipPromptEncoder withTrainedVectors(TextualInversion word, Tensor vectors) {
    return new ClipPromptEncoder(tokenizer, encoder, compute, List.of(word), vectors);
  }

  /** Encodes prompts, each truncated at the tokenizer's length, in order. */
  public TextEncoding encode(List<String> prompts) {
    return encode(prompts, 0);
  }

  /**
   * Encodes prompts without the last {@code layersLeftOut} layers; see
   * {@link ClipTextEncoder#forward}.
   */
  public TextEncoding encode(List<String> prompts, int layersLeftOut) {
    return hiddenStates(
        prompts.stream().map(chunker()::plain).toList(), layersLeftOut, layersLeftOut == 0, true);
  }

  /**
   * Encodes one prompt.
   *
   * @param layersLeftOut the number of last layers that are skipped
   * @param normed true if the final norm is applied even then
   * @param chunks the smallest number of chunks; additional ones are empty
   * @return tokens [1, the tokenizer's length * chunks, width]; the pooled vector is the first
   *     chunk's
   */
  public TextEncoding encode(
      String prompt, PromptSyntax syntax, int layersLeftOut, boolean normed, int chunks) {
    List<PromptChunker.PromptChunk> all = new ArrayList<>(chunks(prompt, syntax));
    while (all.size() < chunks) {
      all.add(chunker().empty());
    }
    TextEncoding states = hiddenStates(all, layersLeftOut, normed, syntax == PromptSyntax.PLAIN);
    TensorVector tokens = new TensorVector();
    for (int i = 0; i < all.size(); i++) {
      tokens.push_back(applyWeights(states.tokens().narrow(0, i, 1), all.get(i)));
    }
    return new TextEncoding(torch.cat(tokens, 1), states.pooled().narrow(0, 0, 1));
  }

  /**
   * The tokens of a plain prompt with a change by an adapter: begin, the prompt's own, end,
   * padding.
   */
  public List<PromptToken> tokens(String prompt, PromptChange change) {
    return chunker().plainTokens(prompt, change);
  }

  /**
   * Encodes the tokens of one prompt.
   *
   * @param tokens as {@link #tokens} returns them
   * @param layersLeftOut the number of last layers that are skipped
   * @param normed true if the final norm is applied even then
   * @return tokens [1, the tokenizer's length, width]
   */
  public TextEncoding encode(List<PromptToken> tokens, int layersLeftOut, boolean normed) {
    double[] weights = new double[tokens.size()];
    Arrays.fill(weights, 1);
    return hiddenStates(
        List.of(new PromptChunker.PromptChunk(
            tokens.stream().mapToInt(PromptToken::id).toArray(), weights)),
        layersLeftOut,
        normed,
        true);
  }

  /** The ids of a prompt by chunk, with begin, end and padding. */
  public List<int[]> ids(String prompt, PromptSyntax syntax) {
    return chunks(prompt, syntax).stream().map(PromptChunker.PromptChunk::ids).toList();
  }

  private List<PromptChunker.PromptChunk> chunks(String prompt, PromptSyntax syntax) {
    PromptChunker reader = chunker();
    return syntax == PromptSyntax.PLAIN ? List.of(reader.plain(prompt)) : reader.weighted(prompt);
  }

  private PromptChunker chunker() {
    return new PromptChunker(tokenizer, inversions, encoder.config().vocabulary());
  }

  private TextEncoding hiddenStates(
      List<PromptChunker.PromptChunk> chunks, int layersLeftOut, boolean normed, boolean plain) {
    int length = tokenizer.maxLength();
    long[] ids = new long[chunks.size() * length];
    for (int i = 0; i < chunks.size(); i++) {
      for (int j = 0; j < length; j++) {
        ids[i * length + j] = chunks.get(i).ids()[j];
      }
    }
    Tensor batch = torch.tensor(ids).view(chunks.size(), length);
    return encoder.forward(
        batch.to(new Device(compute.device()), torch.ScalarType.Long),
        placeholderVectors(ids),
        layersLeftOut,
        normed,
        plain);
  }

  private Tensor placeholderVectors(long[] ids) {
    if (inversions.isEmpty()) {
      return null;
    }
    if (trainedVectors != null) {
      return Tensors.place(compute, trainedVectors);
    }
    int width = encoder.config().width();
    List<Tensor> rows = new ArrayList<>();
    long from = encoder.config().vocabulary();
    for (TextualInversion word : inversions) {
      long first = from;
      from += word.vectors();
      long next = from;
      // An inversion that lacks this text encoder is refused only if a prompt names it.
      boolean named = LongStream.of(ids).anyMatch(id -> id >= first && id < next);
      rows.add(
          named
              ? torch.tensor(word.forWidth(width)).view(-1, width)
              : torch.zeros(word.vectors(), width));
    }
    return Tensors.place(compute, torch.cat(new TensorVector(rows.toArray(Tensor[]::new)), 0));
  }

  /** Multiplies states by weights and restores their mean, as in the web UI. */
  private static Tensor applyWeights(Tensor states, PromptChunker.PromptChunk chunk) {
    if (!chunk.isWeighted()) {
      return states;
    }
    float[] weights = new float[chunk.weights().length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) chunk.weights()[i];
    }
    Tensor full = states.to(torch.ScalarType.Float);
    Tensor scaled =
        full.mul(torch.tensor(weights).to(full.device(), torch.ScalarType.Float).view(1, -1, 1));
    return scaled.mul(full.mean().div(scaled.mean())).to(states.scalar_type());
  }
}
