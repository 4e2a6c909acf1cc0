package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.family.LayerPlaces;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Places of a UNet, whose levels have a quarter each of the places above. */
record UNetPlaces(List<UNetConfig.Level> levels, double places) implements LayerPlaces {
  private static final Pattern LEVEL = Pattern.compile("(down|up)_blocks\\.(\\d+)\\.(\\w+)");

  @Override
  public double of(String path) {
    return LayerPlaces.isOfTime(path)
        ? 1
        : path.matches(".*attn2\\.to_[kv]") ? CLIP_TOKENS : places / Math.pow(4, level(path));
  }

  @Override
  public double stream(String path) {
    return path.contains("add_") || path.contains("context") ? CLIP_TOKENS : places;
  }

  @Override
  public double weights(String path) {
    double asking = of(path);
    return asking * (path.contains("attn2") ? CLIP_TOKENS : asking);
  }

  @Override
  public int heads(String path) {
    return levels.get(level(path)).heads();
  }

  @Override
  public boolean endsBlock(String path) {
    return path.matches(".*(conv2|samplers\\.0\\.conv)");
  }

  @Override
  public int attentionTensors(String path, boolean weighted) {
    return path.contains("attn2") ? 2 : weighted ? 4 : 5;
  }

  @Override
  public double feedForward() {
    return 1.5;
  }

  @Override
  public boolean normed() {
    return false;
  }

  @Override
  public boolean rotated() {
    return false;
  }

  private int level(String path) {
    Matcher at = LEVEL.matcher(path);
    if (path.startsWith("mid_block")) {
      return levels.size() - 1;
    }
    if (!at.find()) {
      return 0;
    }
    int number = Integer.parseInt(at.group(2));
    int level = at.group(1).equals("down") ? number : levels.size() - 1 - number;
    return at.group(3).startsWith("downs")
        ? level + 1
        : at.group(3).startsWith("ups") ? level - 1 : level;
  }
}
