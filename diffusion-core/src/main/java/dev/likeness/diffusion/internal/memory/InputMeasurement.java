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
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Measures the inputs of a network's layers while it generates images, and which of them can be
 * rounded to bytes. The first generation finds the smallest and largest number of each input
 * channel. The second multiplies a few inputs of each layer exactly and with every candidate for
 * its range, and compares the results. Candidates are the whole range and narrower ones, each with
 * and without divisors.
 */
public final class InputMeasurement implements LayerWeight.Observed.Observer {
  /** The inputs of a layer that are multiplied with every candidate. */
  private static final long COMPARED = 4;

  /** The shares of the whole range. */
  private static final double[] SHARES = {1, 0.75, 0.5};

  /** Divisors take a pass over the input; they must reduce the error to at most this share. */
  private static final double GAIN_OF_DIVISORS = 0.8;

  private static final double MIN_MAGNITUDE = 1e-5;

  private final Map<String, Layer> layers = new TreeMap<>();
  private boolean compares;

  /** A layer's numbers. */
  private static final class Layer {
    private float[] low;
    private float[] high;
    private long seen;
    private long seenAgain;
    private List<InputRange> candidates;
    private double[] errors;
    private double size;
  }

  /** Ends the first generation. */
  public void compare() {
    compares = true;
  }

  @Override
  public void observe(
      LayerWeight.Observed layer, Tensor input, BiFunction<Tensor, LayerWeight, Tensor> product) {
    // Layers with few tokens, such as those of the timestep, are not rounded.
    if (GradMode.is_enabled() || layer.shape().length == 2 && !Int8Linear.isWorthwhile(input)) {
      return;
    }
    try (TensorScope scope = TensorScope.open()) {
      if (!compares) {
        extend(layers.computeIfAbsent(layer.name(), name -> new Layer()), input);
      } else if (layers.containsKey(layer.name())) {
        Layer found = layers.get(layer.name());
        long index = found.seenAgain++;
        if (index == 0 || index * COMPARED / found.seen > (index - 1) * COMPARED / found.seen) {
          compare(found, layer.own(), input, product);
        }
      }
    }
  }

  private static void extend(Layer layer, Tensor input) {
    layer.seen++;
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

  private static void compare(
      Layer layer,
      LayerWeight weight,
      Tensor input,
      BiFunction<Tensor, LayerWeight, Tensor> product) {
    if (layer.candidates == null) {
      layer.candidates = candidates(layer, weight);
      layer.errors = new double[layer.candidates.size()];
    }
    Tensor exact = product.apply(input, weight).to(ScalarType.Float);
    layer.size += square(exact);
    for (int i = 0; i < layer.errors.length; i++) {
      try (TensorScope each = TensorScope.open()) {
        Tensor rounded =
            product.apply(input, new LayerWeight.InRange(weight, layer.candidates.get(i)));
        layer.errors[i] += square(rounded.to(ScalarType.Float).sub_(exact));
      }
    }
  }

  private static double square(Tensor tensor) {
    double norm = tensor.norm().item_double();
    return norm * norm;
  }

  private static List<InputRange> candidates(Layer layer, LayerWeight weight) {
    List<InputRange> all = new ArrayList<>();
    for (float[] divisors : new float[][] {new float[0], divisors(layer, weight)}) {
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
  private static float[] divisors(Layer layer, LayerWeight weight) {
    Tensor wide = weight.tensor().to(ScalarType.Float).abs();
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
