package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.nn.SegmentRunner;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The two streams of a joint transformer.
 *
 * @param image [batch, imageTokens, width]
 * @param text [batch, textTokens, width], or null where a network has no more use for it
 */
public record Streams(Tensor image, Tensor text) {
  /** These after a {@code block} that listens to {@code listened}, run by {@code segments}. */
  public Streams through(
      BiFunction<Streams, Tensor, Streams> block, Tensor listened, SegmentRunner segments) {
    if (segments == SegmentRunner.PLAIN) {
      return block.apply(this, listened);
    }
    Tensor out = segments.run(
        in -> block.apply(new Streams(in[0], in[1]), in[2]).joined(), image, text, listened);
    long own = image.size(1);
    long others = out.size(1) - own;
    return new Streams(out.narrow(1, others, own), others == 0 ? null : out.narrow(1, 0, others));
  }

  private Tensor joined() {
    return text == null ? image : torch.cat(new TensorVector(text, image), 1);
  }
}
