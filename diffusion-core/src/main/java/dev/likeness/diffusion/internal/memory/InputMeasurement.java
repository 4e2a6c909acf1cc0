package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.nn.cpu.InputRange;
import dev.likeness.diffusion.internal.nn.cpu.Int8Linear;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Measures the inputs of a network's layers while it generates images, and which of them can be
 * rounded to bytes. The generation finds the smallest and largest number of each input channel, and
 * keeps a few parts of each layer's inputs. Then the layer multiplies these parts exactly and with
 * every candidate for its range, and the results are compared. Candidates are the whole range and
 * narrower ones, each with and without divisors.
 */
public final class InputMeasurement implements LayerWeight.Observed.Observer, AutoCloseable {
  /** The largest number of a layer's inputs that have a part kept; they are spread evenly. */
  private static final int MAX_PARTS = 8;

  /** The tokens of a part of a linear layer's input. */
  private static final long TOKENS = 32;

  /** The sides of a part of a convolution's input. */
  private static final long SIDE = 8;

  /** Primes, by which the place of a part moves from one input to the next. */
  private static final long DOWN = 31;

  private static final long RIGHT = 17;

  /** The shares of the whole range. */
  private static final double[] SHARES = {1, 0.75, 0.5};

  /** Divisors take a pass over the input; they must reduce the error to at most this share. */
  private static final double GAIN_OF_DIVISORS = 0.8;

  private static final double MIN_MAGNITUDE = 1e-5;

  private final Map<String, Layer> layers = new TreeMap<>();

  /** A layer's numbers. */
  private static final class Layer {
    private final LayerWeight weight;
    private final BiFunction<Tensor, LayerWeight, Tensor> product;
    private final List<Tensor> parts = new ArrayList<>();
    private float[] low;
    private float[] high;
    private long seen;
    private long every = 1;
    private List<InputRange> candidates;
    private double[] errors;
    private double size;

    private Layer(LayerWeight weight, BiFunction<Tensor, LayerWeight, Tensor> product) {
      this.weight = weight;
      this.product = product;
    }

    /** Keeps a part of the input, and fewer of the earlier ones if there are too many. */
    private void keep(Tensor input) {
      if (seen % every == 0) {
        if (parts.size() == MAX_PARTS) {
          for (int i = MAX_PARTS - 1; i > 0; i -= 2) {
            parts.remove(i).releaseReference();
          }
          every *= 2;
        }
        if (seen % every == 0) {
          Tensor part = part(input);
          part.retainReference();
          parts.add(part);
        }
      }
      seen++;
    }

    /** Returns a copy of some tokens or of a square of pixels, at another place each time. */
    private Tensor part(Tensor input) {
      if (weight.shape().length == 2) {
        Tensor tokens = input.reshape(-1, input.size(-1));
        long count = Math.min(TOKENS, tokens.size(0));
        long first = seen * DOWN % (tokens.size(0) / count);
        return tokens
            .slice(
                0,
                new LongOptional(first),
                new LongOptional(first + (count - 1) * (tokens.size(0) / count) + 1),
                tokens.size(0) / count)
            .clone();
      }
      long height = Math.min(SIDE, input.size(2));
      long width = Math.min(SIDE, input.size(3));
      return input
          .narrow(2, seen * DOWN % (input.size(2) - height + 1), height)
          .narrow(3, seen * RIGHT % (input.size(3) - width + 1), width)
          .contiguous(MemoryFormat.ChannelsLast)
          .clone();
    }
  }

  @Override
  public void observe(
      LayerWeight.Observed layer, Tensor input, BiFunction<Tensor, LayerWeight, Tensor> product) {
    // Layers with few tokens, such as those of the timestep, are not rounded.
    if (GradMode.is_enabled() || layer.shape().length == 2 && !Int8Linear.isWorthwhile(input)) {
      return;
    }
    try (TensorScope scope = TensorScope.open()) {
      Layer found = layers.computeIfAbsent(layer.name(), name -> new Layer(layer.own(), product));
      extend(found, input);
      found.keep(input);
    }
  }

  private static void extend(Layer layer, Tensor input) {
    float[] low = ImageTensors.floats(overChannels(input).amin(new long[] {0}, false));
    float[] high = ImageTensors.floats(overChannels(input).amax(new long[] {0}, false));
    if (layer.low == null) {
      layer.low = low;
      layer.high = high;
    }
    for (int i = 0; i < low.length; i++) {
      layer.low[i] = Math.min(layer.low[i], low[i]);
      layer.high[i] = Math.max(layer.high[i], high[i]);
    }
  }

  /** Returns [any, channels]. */
  private static Tensor overChannels(Tensor input) {
    Tensor last = input.shape().length == 4 ? input.permute(0, 2, 3, 1) : input;
    return last.reshape(-1, last.size(-1)).to(ScalarType.Float);
  }

  /**
   * Compares the candidates of every layer. The network must still be open.
   *
   * @param done receives the number of layers that are compared
   */
  public void compare(IntConsumer done) {
    int count = 0;
    for (Layer layer : layers.values()) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        compare(layer);
      }
      done.accept(++count);
    }
  }

  /** Returns the number of layers whose inputs were seen. */
  public int layers() {
    return layers.size();
  }

  private static void compare(Layer layer) {
    layer.candidates = candidates(layer);
    layer.errors = new double[layer.candidates.size()];
    List<Tensor> exact = new ArrayList<>();
    for (Tensor part : layer.parts) {
      Tensor result = layer.product.apply(part, layer.weight).to(ScalarType.Float);
      layer.size += square(result);
      exact.add(result);
    }
    // The rounded weight depends on the divisors only, so it is computed once for all shares.
    for (int first = 0; first < layer.errors.length; first += SHARES.length) {
      try (LayerWeight.Forms forms = new LayerWeight.Forms()) {
        for (int i = first; i < first + SHARES.length; i++) {
          LayerWeight rounded =
              new LayerWeight.InRange(layer.weight, layer.candidates.get(i), forms);
          for (int part = 0; part < exact.size(); part++) {
            try (TensorScope each = TensorScope.open()) {
              Tensor result = layer.product.apply(layer.parts.get(part), rounded);
              layer.errors[i] += square(result.to(ScalarType.Float).sub_(exact.get(part)));
            }
          }
        }
      }
    }
  }

  @Override
  public void close() {
    layers.values().forEach(layer -> {
      layer.parts.forEach(Tensor::releaseReference);
      layer.parts.clear();
    });
  }

  private static double square(Tensor tensor) {
    double norm = tensor.norm().item_double();
    return norm * norm;
  }

  private static List<InputRange> candidates(Layer layer) {
    List<InputRange> all = new ArrayList<>();
    for (float[] divisors : new float[][] {new float[0], divisors(layer)}) {
      double low = 0;
      double high = 0;
      for (int i = 0; i < layer.low.length; i++) {
        double divisor = divisors.length == 0 ? 1 : divisors[i];
        low = Math.min(low, layer.low[i] / divisor);
        high = Math.max(high, layer.high[i] / divisor);
      }
      for (double share : SHARES) {
        all.add(new InputRange((float) (share * low), (float) (share * high), divisors));
      }
    }
    return all;
  }

  /** Returns SmoothQuant's divisors with a migration strength of 0.5 (equation 4). */
  private static float[] divisors(Layer layer) {
    Tensor wide = layer.weight.tensor().to(ScalarType.Float).abs();
    float[] largest = ImageTensors.floats(torch
        .amax(wide.transpose(0, 1).reshape(wide.size(1), -1), new long[] {1}, false)
        .clamp_min(new Scalar(MIN_MAGNITUDE)));
    float[] divisors = new float[largest.length];
    for (int i = 0; i < divisors.length; i++) {
      double magnitude =
          Math.max(MIN_MAGNITUDE, Math.max(Math.abs(layer.low[i]), Math.abs(layer.high[i])));
      divisors[i] = (float) Math.max(MIN_MAGNITUDE, Math.sqrt(magnitude / largest[i]));
    }
    return divisors;
  }

  /** Returns the error of each layer with its best range, as a share of the result's size. */
  public Map<String, Double> errors() {
    Map<String, Double> errors = new TreeMap<>();
    layers.forEach((name, layer) -> {
      if (layer.candidates != null) {
        errors.put(name, Math.sqrt(layer.errors[best(layer)] / layer.size));
      }
    });
    return errors;
  }

  /** Returns the best ranges of the layers whose error is at most {@code largest}. */
  public Calibration calibration(double largest) {
    Map<String, InputRange> ranges = new TreeMap<>();
    errors().forEach((name, error) -> {
      Layer layer = layers.get(name);
      if (error <= largest) {
        ranges.put(name, layer.candidates.get(best(layer)));
      }
    });
    return new Calibration(ranges);
  }

  private static int best(Layer layer) {
    int best = 0;
    for (int i = 1; i < layer.errors.length; i++) {
      boolean adds = layer.candidates.get(i).divisors().length > 0
          && layer.candidates.get(best).divisors().length == 0;
      // Errors are squares.
      double share = adds ? GAIN_OF_DIVISORS * GAIN_OF_DIVISORS : 1;
      if (layer.errors[i] < share * layer.errors[best]) {
        best = i;
      }
    }
    return best;
  }
}
