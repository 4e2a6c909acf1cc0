package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The positions of image and text tokens. Both are padded to multiples of 32. Text positions
 * precede image positions, but image tokens precede text tokens. Shorter texts are masked.
 *
 * @param image rotary embedding of the image tokens, padding included
 * @param text rotary embedding of the text tokens, as many as the longest text has
 * @param imageTokens the number of image tokens without padding
 * @param padding 1 for a padding token of a text, [batch, textTokens, 1]
 * @param mask the mask that is added to the scores of texts, [batch, 1, 1, textTokens]; null if all
 *     have the same length
 */
record ZImageSequence(
    RotaryEmbedding image, RotaryEmbedding text, long imageTokens, Tensor padding, Tensor mask) {
  private static final long GROUP = 32;

  /**
   * The sequence of images of one size.
   *
   * @param rows rows of tokens
   * @param columns columns of tokens
   * @param counts the number of tokens of each text
   */
  public static ZImageSequence of(
      ZImageConfig config, long rows, long columns, long[] counts, Device device) {
    long[] filled = Arrays.stream(counts).map(ZImageSequence::padded).toArray();
    long longest = LongStream.of(filled).max().orElse(GROUP);
    if (longest + 1 >= config.axesLengths().get(0)
        || rows > config.axesLengths().get(1)
        || columns > config.axesLengths().get(2)) {
      throw new InvalidInputException(
          "an image of " + columns + "x" + rows + " tokens with " + longest
              + " text tokens exceeds the model's positions " + config.axesLengths()
              + " (text, rows, columns); use a smaller size or a shorter prompt");
    }
    Tensor places = torch.arange(new Scalar((double) longest)).to(device, ScalarType.Long);
    Tensor padding = places.unsqueeze(0).ge(column(counts, device)).unsqueeze(2);
    boolean alike = LongStream.of(filled).allMatch(one -> one == longest);
    Tensor mask = alike ? null : additiveMask(places.unsqueeze(0).ge(column(filled, device)));
    Tensor ofText = torch.cat(
        new TensorVector(
            places.add(new Scalar(1.0)).to(ScalarType.Float).unsqueeze(1),
            torch.zeros(longest, 2).to(device, ScalarType.Float)),
        1);
    Tensor ofImage = torch.stack(
        new TensorVector(LongStream.of(filled)
            .mapToObj(one -> positions(rows, columns, one + 1))
            .toArray(Tensor[]::new)),
        0);
    return new ZImageSequence(
        RotaryEmbedding.of(
            ofImage.unsqueeze(1).to(device, ScalarType.Float), config.axesDims(), config.theta()),
        RotaryEmbedding.of(
            ofText.expand(counts.length, 1, longest, 3), config.axesDims(), config.theta()),
        rows * columns,
        padding,
        mask);
  }

  private static long padded(long count) {
    return (count + GROUP - 1) / GROUP * GROUP;
  }

  private static Tensor column(long[] values, Device device) {
    return torch.tensor(values).to(device, ScalarType.Long).unsqueeze(1);
  }

  private static Tensor additiveMask(Tensor where) {
    return torch
        .zeros_like(where)
        .to(ScalarType.Float)
        .masked_fill(where, new Scalar(Double.NEGATIVE_INFINITY))
        .unsqueeze(1)
        .unsqueeze(1);
  }

  /** Row by row, then padding at the origin. */
  private static Tensor positions(long rows, long columns, long layer) {
    Tensor own = LatentPacking.positions(2 * rows, 2 * columns, layer);
    return torch.constant_pad_nd(
        own, new long[] {0, 0, 0, padded(rows * columns) - rows * columns}, new Scalar(0.0));
  }

  long textTokens() {
    return padding.size(1);
  }

  /** Returns the number of tokens of an image, padding included. */
  long paddedTokens() {
    return padded(imageTokens);
  }

  RotaryEmbedding joint() {
    return image.concat(text);
  }

  /** The mask over image and text tokens; null if there is none. */
  Tensor jointMask() {
    return mask == null
        ? null
        : torch.cat(new TensorVector(mask.new_zeros(mask.size(0), 1, 1, paddedTokens()), mask), 3);
  }
}
