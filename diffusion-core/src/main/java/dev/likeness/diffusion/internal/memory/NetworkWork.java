package dev.likeness.diffusion.internal.memory;

import java.util.Map;

/**
 * The floating-point operations of one pass through networks for one image, by kind of layer,
 * because a machine computes each kind at another rate. A multiplication and its addition count as
 * two.
 *
 * @param convolutions operations of convolutions larger than 1x1
 * @param products operations of linear layers and 1x1 convolutions
 * @param attention operations of attentions beside their linear layers
 */
public record NetworkWork(double convolutions, double products, double attention) {
  /** No operations. */
  public static final NetworkWork NONE = new NetworkWork(0, 0, 0);

  /**
   * Returns the operations of a denoising network.
   *
   * @param layout its layers for the size of the image
   * @param weights the shape of each layer's weight, [out, in] or [out, in, height, width], by the
   *     layer's path
   */
  public static NetworkWork of(NetworkLayout layout, Map<String, long[]> weights) {
    NetworkWork all = NONE;
    for (Map.Entry<String, long[]> layer : weights.entrySet()) {
      LayerUse use = layout.place(layer.getKey()).use();
      all = all.plus(ofLayer(layer.getValue(), use.positions())).plus(of(use, layer.getValue()));
    }
    return all;
  }

  /**
   * Returns the operations of a layer.
   *
   * @param shape the shape of its weight, [out, in] or [out, in, height, width]
   * @param positions the positions at which it computes
   */
  public static NetworkWork ofLayer(long[] shape, double positions) {
    double values = 1;
    for (long side : shape) {
      values *= side;
    }
    double operations = 2 * values * positions;
    return shape.length == 4 && shape[2] * shape[3] > 1
        ? new NetworkWork(operations, 0, 0)
        : new NetworkWork(0, operations, 0);
  }

  /**
   * Returns the operations of an attention beside its linear layers: the products of queries with
   * keys, and of scores with values.
   *
   * @param scores the number of scores of one head
   * @param width channels of all heads together
   */
  public static NetworkWork ofAttention(double scores, double width) {
    return new NetworkWork(0, 0, 4 * scores * width);
  }

  private static NetworkWork of(LayerUse use, long[] shape) {
    // A layer with more outputs than inputs computes keys, values and a feed-forward too.
    return use.attention() == null
        ? NONE
        : ofAttention(use.attention().map(), Math.min(shape[0], shape[1]));
  }

  /** Returns the sum of this work and another. */
  public NetworkWork plus(NetworkWork other) {
    return new NetworkWork(
        convolutions + other.convolutions, products + other.products, attention + other.attention);
  }

  /** Returns this work {@code count} times. */
  public NetworkWork times(double count) {
    return new NetworkWork(count * convolutions, count * products, count * attention);
  }

  /** Returns all operations. */
  public double operations() {
    return convolutions + products + attention;
  }
}
