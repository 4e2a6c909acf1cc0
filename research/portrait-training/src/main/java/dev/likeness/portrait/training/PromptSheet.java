package dev.likeness.portrait.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Draws random prompts about people who were in no training image, and puts the images with their
 * prompts on one sheet, to be looked at.
 *
 * <p>Arguments: {@code MODEL-FOLDER OUT.png [COUNT [SEED [STEPS [GUIDANCE]]]]}; without the last
 * two as the model itself draws.
 */
public final class PromptSheet {
  private static final int COLUMNS = 8;
  private static final int CELL = 200;
  private static final int GAP = 12;
  private static final int LINES = 6;
  private static final int LINE = 13;

  private PromptSheet() {}

  public static void main(String[] args) {
    Usage.require(args, 2, 6, "PromptSheet MODEL-FOLDER OUT.png [COUNT [SEED [STEPS [GUIDANCE]]]]");
    of(
            Path.of(args[0]),
            number(args, 2, 64),
            number(args, 3, 0),
            request -> withOptions(request, args))
        .writePng(Path.of(args[1]));
  }

  private static ImageRequest withOptions(ImageRequest request, String[] args) {
    int steps = number(args, 4, 0);
    ImageRequest stepped = steps == 0 ? request : request.steps(steps);
    return args.length > 5 ? stepped.guidance(Double.parseDouble(args[5])) : stepped;
  }

  /** What {@code model} draws of {@code count} prompts, with {@code options} of each request. */
  static RgbImage of(Path model, int count, long seed, UnaryOperator<ImageRequest> options) {
    List<String> prompts =
        RandomPrompt.draw(seed, count).stream().map(RandomPrompt::text).toList();
    List<RgbImage> images = new ArrayList<>();
    try (BaseModel base = BaseModel.open(model, Compute.best())) {
      for (int i = 0; i < count; i++) {
        images.add(base.generate(options.apply(ImageRequest.of(prompts.get(i)).seed(i)))
            .image());
      }
    }
    return draw(images, prompts);
  }

  private static int number(String[] args, int index, int fallback) {
    return args.length > index ? Integer.parseInt(args[index]) : fallback;
  }

  /** Images in rows, each above its prompt. */
  public static RgbImage draw(List<RgbImage> images, List<String> prompts) {
    int rows = (images.size() + COLUMNS - 1) / COLUMNS;
    int high = CELL + LINES * LINE + GAP;
    BufferedImage image = new BufferedImage(
        COLUMNS * (CELL + GAP) + GAP, rows * high + GAP, BufferedImage.TYPE_INT_RGB);
    Graphics2D paper = image.createGraphics();
    paper.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    paper.setColor(Color.WHITE);
    paper.fillRect(0, 0, image.getWidth(), image.getHeight());
    paper.setColor(Color.DARK_GRAY);
    paper.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    for (int i = 0; i < images.size(); i++) {
      int x = GAP + i % COLUMNS * (CELL + GAP);
      int y = GAP + i / COLUMNS * high;
      paper.drawImage(images.get(i).toBufferedImage(), x, y, CELL, CELL, null);
      write(paper, prompts.get(i), x, y + CELL + LINE);
    }
    paper.dispose();
    return RgbImage.of(image);
  }

  private static void write(Graphics2D paper, String text, int x, int top) {
    FontMetrics metrics = paper.getFontMetrics();
    StringBuilder line = new StringBuilder();
    int y = top;
    for (String word : text.split(" ")) {
      if (metrics.stringWidth(line + word) > CELL) {
        if (y == top + (LINES - 1) * LINE) {
          line.append('\u2026');
          break;
        }
        paper.drawString(line.toString(), x, y);
        line.setLength(0);
        y += LINE;
      }
      line.append(word).append(' ');
    }
    paper.drawString(line.toString(), x, y);
  }
}
