package dev.likeness.lora;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.TensorSource;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A LoRA of a transformer under diffusers' names, whichever of the makers', kohya's, XLabs' and OneTrainer's it has. Of a layer that is several in diffusers the second factor is cut into rows; the first serves
 * all.
 */
final class JointKeys implements TensorSource {
  /** What goes with the rows of a layer. */
  private static final Set<Role> BY_ROW = EnumSet.of(Role.UP, Role.DIFF, Role.DIFF_B, Role.BIAS_UP, Role.SET,
      Role.MAGNITUDE, Role.HADA_W1_A, Role.HADA_W2_A);
  private static final Pattern XLABS =
      Pattern.compile("(double|single)_blocks\\.(\\d+)\\.processor\\.(qkv|proj)_lora([12]?)\\.(down|up)\\.weight");
  private static final List<String> PREFIXES = List.of("base_model.model.", "model.diffusion_model.",
      "diffusion_model.",
      "transformer.", "lora_unet_", "lycoris_");

  /** Rows of a tensor of the file; all of them where {@code count} is 0. */
  private record Rows(String key, long from, long count, boolean halvesSwapped) { }

  private final TensorSource file;
  private final JointNames names;
  private final Predicate<String> known;
  private final Map<String, Rows> rows = new LinkedHashMap<>();

  /** @param known whether the transformer has a layer of this name in diffusers, whose dots may be underscores */
  JointKeys(TensorSource file, JointNames names, Predicate<String> known) {
    this.file = file;
    this.names = names;
    this.known = known;
    file.names().forEach(this::add);
  }

  private void add(String key) {
    String spelled = xlabs(key);
    Optional<Role.Cut> cut = Role.cut(spelled);
    Optional<JointNames.Split> split = cut.map(c -> stem(c.stem())).flatMap(stem -> names.of(stem)
        .or(() -> known.test(stem) ? Optional.of(new JointNames.Split(List.of(stem), false)) : Optional.empty()));
    if (split.isEmpty()) {
      rows.put(spelled, new Rows(key, 0, 0, false));
      return;
    }
    String ending = spelled.substring(cut.get().stem().length());
    List<String> paths = split.get().paths();
    boolean byRow = BY_ROW.contains(cut.get().role());
    long[] shape = file.shape(key);
    long unit = byRow && shape.length > 0 ? shape[0] / parts(paths) : 0;
    for (int i = 0; i < paths.size(); i++) {
      long count = paths.get(i).endsWith(".proj_mlp") ? shape.length == 0 ? 0 : shape[0] - 3 * unit : unit;
      boolean whole = !byRow || paths.size() == 1;
      rows.put("transformer." + paths.get(i) + ending,
          new Rows(key, whole ? 0 : i * unit, whole ? 0 : count, byRow && split.get().halvesSwapped()));
    }
  }

  /** In how many equal parts the rows come: FLUX's first single layer is q, k, v and four times as much beside them. */
  private static int parts(List<String> paths) {
    return paths.size() == 4 ? 7 : paths.size();
  }

  private static String stem(String stem) {
    String bare = stem;
    for (String prefix : PREFIXES) {
      bare = bare.startsWith(prefix) ? bare.substring(prefix.length()) : bare;
    }
    return bare;
  }

  private static String xlabs(String key) {
    Matcher m = XLABS.matcher(key);
    if (!m.matches()) {
      return key;
    }
    String side = m.group(4).isEmpty() ? "" : m.group(4).equals("1") ? "img_attn." : "txt_attn.";
    return m.group(1) + "_blocks." + m.group(2) + "." + side + m.group(3) + ".lora_" + m.group(5) + ".weight";
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(rows.keySet());
  }

  @Override
  public long[] shape(String name) {
    Rows r = rows.get(name);
    long[] shape = file.shape(r.key).clone();
    if (r.count > 0) {
      shape[0] = r.count;
    }
    return shape;
  }

  @Override
  public DType dtype(String name) {
    return file.dtype(rows.get(name).key);
  }

  @Override
  public Tensor read(String name) {
    Rows r = rows.get(name);
    Tensor whole = file.read(r.key);
    if (r.halvesSwapped) {
      long half = whole.size(0) / 2;
      return torch.cat(new TensorVector(whole.narrow(0, half, half), whole.narrow(0, 0, half)), 0);
    }
    return r.count == 0 ? whole : whole.narrow(0, r.from, r.count);
  }

  @Override
  public String describe() {
    return file.describe();
  }

  @Override
  public void close() {
    file.close();
  }
}
