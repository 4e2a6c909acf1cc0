package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.LoadedT5;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.TransformerNetworks;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The networks of a Stable Diffusion 3 or 3.5 model, opened and checked. T5, the largest of its
 * three text encoders, may be absent. Immutable and shared by threads.
 */
public final class Sd3Networks extends TransformerNetworks<Sd3Config, Sd3Transformer2DModel> {
  /** The number of T5 tokens. */
  public static final int T5_TOKENS = 256;

  private final List<LoadedClip> clipTextEncoders;
  private final LoadedT5 t5;

  private Sd3Networks(ModelComponents files, Compute compute) {
    super(files, compute);
    try {
      clipTextEncoders = List.of(
          ownComponent(LoadedClip.open(files, ModelComponent.TEXT_ENCODER, compute, 1)),
          ownComponent(LoadedClip.open(files, ModelComponent.TEXT_ENCODER_2, compute, 1)));
      t5 = files.componentClass(ModelComponent.TEXT_ENCODER_3.folder()) == null
          ? null
          : ownComponent(LoadedT5.open(files, ModelComponent.TEXT_ENCODER_3, compute));
      openTransformer(
          files,
          Sd3Transformer2DModel.BLOCKS,
          Sd3Config::of,
          Sd3Transformer2DModel::new,
          List.of());
      requireLatents(files, config().inChannels());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Opens a model and checks every tensor against its config.
   *
   * @throws InvalidInputException if a component is missing, or has wrong shapes, unknown tensors
   *     or an unsupported class
   */
  public static Sd3Networks open(ModelComponents files, Compute compute) {
    files.requireClass("transformer", "SD3Transformer2DModel");
    files.requireClass("text_encoder", "CLIPTextModelWithProjection");
    files.requireClass("text_encoder_2", "CLIPTextModelWithProjection");
    if (files.componentClass("text_encoder_3") != null) {
      files.requireClass("text_encoder_3", "T5EncoderModel");
    }
    files.requireClass("vae", "AutoencoderKL", "AutoencoderTiny");
    return new Sd3Networks(files, compute);
  }

  /**
   * The two CLIP encoders: their tokens are concatenated along the width and precede T5's; their
   * pooled texts are concatenated.
   */
  public List<LoadedClip> clipTextEncoders() {
    return clipTextEncoders;
  }

  /** T5, or null if the model has none. */
  public LoadedT5 t5() {
    return t5;
  }

  /**
   * Encodes texts: the concatenated CLIP tokens, padded with zeros to T5's width, followed by T5's
   * tokens or zeros without T5; pooled is the concatenated pooled texts.
   *
   * @param texts the number of texts
   * @param length the number of tokens of T5
   * @param textEncoder encodes the texts with one CLIP encoder
   * @param ofT5 encodes the texts with T5, {@code length} tokens each
   */
  public TextEncoding encode(
      int texts,
      int length,
      Function<LoadedClip, TextEncoding> textEncoder,
      Function<LoadedT5, Tensor> ofT5) {
    TensorVector tokens = new TensorVector();
    TensorVector pooled = new TensorVector();
    for (LoadedClip each : clipTextEncoders) {
      TextEncoding encoding = textEncoder.apply(each);
      tokens.push_back(encoding.tokens());
      pooled.push_back(encoding.pooled());
    }
    Tensor clip = torch.cat(tokens, -1);
    Tensor last = t5 == null ? clip.new_zeros(texts, length, config().textWidth()) : ofT5.apply(t5);
    Tensor padding = clip.new_zeros(texts, clip.size(1), last.size(2) - clip.size(2));
    Tensor padded = torch.cat(new TensorVector(clip, padding), 2);
    return new TextEncoding(torch.cat(new TensorVector(padded, last), 1), torch.cat(pooled, -1));
  }
}
