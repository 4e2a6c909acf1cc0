package dev.likeness.lora;

import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.TensorSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** Finds the layers that a file's keys speak of, checks their shapes, and reads their factors. */
final class LoraReader {
  private final TensorSource source;
  private final Map<Layer, Map<Role, String>> keys = new LinkedHashMap<>();
  private final List<String> unmatched = new ArrayList<>();
  private final List<String> misshapen = new ArrayList<>();
  private int matched;
  private LoraDialect dialect;

  LoraReader(TensorSource source, LayerTable table) {
    this.source = source;
    source.names().forEach(key -> sort(key, table));
  }

  private void sort(String key, LayerTable table) {
    Optional<FactorKey> read = FactorKey.parse(key);
    Optional<Layer> layer = read.flatMap(k -> table.find(k.part(), k.path()));
    if (layer.isEmpty()) {
      unmatched.add(key);
      return;
    }
    Role role = read.get().role();
    dialect = read.get().dialect() == null ? dialect : read.get().dialect();
    if (fits(layer.get(), role, source.shape(key))) {
      matched++;
      keys.computeIfAbsent(layer.get(), l -> new EnumMap<>(Role.class)).put(role, key);
    } else {
      misshapen.add(key + " " + Arrays.toString(source.shape(key)) + " beside a weight " + layer.get().shape());
    }
  }

  private static boolean fits(Layer layer, Role role, long[] shape) {
    if (role == Role.ALPHA) {
      return Arrays.stream(shape).reduce(1, (a, b) -> a * b) == 1;
    }
    if (shape.length != 2 && shape.length != 4) {
      return false;
    }
    long window = shape.length == 4 ? shape[2] : 1;
    boolean square = shape.length == 2 || shape[2] == shape[3];
    return square && switch (role) {
      case DOWN -> shape[1] == layer.in() && (window == layer.kernel() || window == 1);
      case UP -> shape[0] == layer.out() && window == 1;
      case MID -> shape[0] == shape[1] && window == layer.kernel();
      case ALPHA -> true;
    };
  }

  LoraReport report() {
    List<String> incomplete = keys.entrySet().stream()
        .filter(e -> !isWhole(e.getKey(), e.getValue())).map(e -> e.getKey().name()).toList();
    int rank = keys.values().stream().filter(roles -> roles.containsKey(Role.DOWN))
        .mapToInt(roles -> (int) source.shape(roles.get(Role.DOWN))[0]).max().orElse(0);
    return new LoraReport(dialect, keys.size(), rank, matched, unmatched, misshapen, incomplete);
  }

  private boolean isWhole(Layer layer, Map<Role, String> roles) {
    if (!roles.containsKey(Role.DOWN) || !roles.containsKey(Role.UP)) {
      return false;
    }
    long[] down = source.shape(roles.get(Role.DOWN));
    long window = down.length == 4 ? down[2] : 1;
    boolean covered = window == layer.kernel() || roles.containsKey(Role.MID);
    return covered && down[0] > 0 && down[0] == source.shape(roles.get(Role.UP))[1];
  }

  /** Every layer's factors, kept by {@code region}; only after a complete report. */
  Map<Layer, LowRank> factors(Alphas alphas, TensorRegion region) {
    Map<Layer, LowRank> factors = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      keys.forEach((layer, roles) -> {
        Tensor down = region.keep(read(layer, roles.get(Role.DOWN)));
        Tensor up = region.keep(read(layer, roles.get(Role.UP)));
        Tensor mid = roles.containsKey(Role.MID) ? region.keep(read(layer, roles.get(Role.MID))) : null;
        double own = roles.containsKey(Role.ALPHA) ? source.read(roles.get(Role.ALPHA)).item_double() : Double.NaN;
        factors.put(layer, new LowRank(down, mid, up, alphas.scale(layer, down.size(0), own)));
      });
    }
    return factors;
  }

  /** The factor with as many dimensions as its layer's weight: linear and 1x1 convolutional ones say the same. */
  private Tensor read(Layer layer, String key) {
    Tensor factor = source.read(key);
    if (layer.isConvolution() == (factor.dim() == 4)) {
      return factor;
    }
    return layer.isConvolution() ? factor.view(factor.size(0), factor.size(1), 1, 1)
        : factor.view(factor.size(0), factor.size(1));
  }
}
