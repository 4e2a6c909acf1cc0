package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.portrait.people.Portrait;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** An image that flaws are put on; every method gives another image. */
final class FlawCanvas {
  interface Pixel {
    double of(int x, int y, int channel, double value);
  }

  interface Share {
    double at(int x, int y);
  }

  interface Place {
    double[] of(int x, int y);
  }

  final RgbImage image;
  private final BoundingBox box;
  private final Face face;
  final FaceMap map;
  final Portrait portrait;

  FlawCanvas(Portrait portrait, Face face) {
    this.portrait = portrait;
    this.image = portrait.image();
    this.box = face.box();
    this.face = face;
    this.map = new FaceMap(portrait);
  }

  double width() {
    return box.width();
  }

  double faceX() {
    return face.eyes()
        .map(eyes -> eyes.left().midpoint(eyes.right()).x())
        .orElse(box.center().x());
  }

  int seam() {
    return image.width() * 5 / 8 + 3;
  }

  Point eye() {
    return face.eyes()
        .map(eyes -> eyes.right())
        .orElse(new Point(box.x() + 0.7 * box.width(), box.y() + 0.4 * box.height()));
  }

  /** The chin's row or a little below. */
  double chin() {
    return box.y() + 1.1 * box.height();
  }

  double across(int x) {
    return (x - box.center().x()) / box.width();
  }

  double down(int y) {
    return (y - box.center().y()) / box.height();
  }

  /** 1 inside the face's oval, falling to 0 softly. */
  double inFace(int x, int y) {
    double r = Math.hypot(across(x) / 0.42, down(y) / 0.55);
    return Math.max(0, Math.min(1, 4 * (1.1 - r)));
  }

  RgbImage each(Pixel pixel) {
    byte[] out = new byte[image.width() * image.height() * 3];
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % image.width();
      int y = i / 3 / image.width();
      out[i] = (byte) Math.round(Math.max(
          0, Math.min(255, pixel.of(x, y, i % 3, image.at(x, y, i % 3)))));
    }
    return RgbImage.of(image.width(), image.height(), out);
  }

  RgbImage moved(Place from) {
    return each((x, y, c, v) -> {
      double[] place = from.of(x, y);
      return Filter.bilinear(image, place[0], place[1], c);
    });
  }

  RgbImage blurred(double sigma) {
    return Filter.gauss(image, sigma);
  }

  RgbImage jpeg(double quality) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality((float) quality);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image.toBufferedImage(), null, null), param);
      out.flush();
      return RgbImage.of(ImageIO.read(new ByteArrayInputStream(bytes.toByteArray())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
  }

  /**
   * The broad light on the skin brought to its mean; eyes, brows, nostrils and mouth keep theirs.
   */
  RgbImage flattened(double share) {
    RgbImage[] broad = smoothSkin(0.08 * map.apart);
    double even = meanLight(map::skin);
    return each((x, y, c, v) -> {
      double light = 255 * Filter.light(broad[0], x, y) / Math.max(1, broad[1].at(x, y, 0));
      return v * Math.pow(even / light, share * map.skin(x, y));
    });
  }

  private double meanLight(Share share) {
    double sum = 0;
    double all = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        sum += share.at(x, y) * Filter.light(image, x, y);
        all += share.at(x, y);
      }
    }
    return sum / all;
  }

  /** The skin without its texture, folds and shades, as plastic is. */
  RgbImage waxed(double share) {
    RgbImage[] smooth = smoothSkin(0.16 * map.apart);
    return each((x, y, c, v) -> v
        + share
            * map.skin(x, y)
            * (255.0 * smooth[0].at(x, y, c) / Math.max(1, smooth[1].at(x, y, c)) - v));
  }

  /**
   * The skin times its share, and the share, 0 to 255, both smoothed: what is no skin does not run
   * into it.
   */
  private RgbImage[] smoothSkin(double sigma) {
    return new RgbImage[] {
      Filter.gauss(each((x, y, c, v) -> v * map.skin(x, y)), sigma),
      Filter.gauss(each((x, y, c, v) -> 255 * map.skin(x, y)), sigma)
    };
  }

  /** Random patches over a place, as networks leave where they do not know what to draw. */
  RgbImage blotched(Point at, double reach, double share) {
    Random random = new Random(9);
    double[][] colours = new double[12][];
    for (int i = 0; i < colours.length; i++) {
      colours[i] = new double[] {
        at.x() + (random.nextDouble() - 0.5) * 2 * reach * box.width(),
        at.y() + (random.nextDouble() - 0.5) * 1.2 * reach * box.width(),
        500 * (random.nextDouble() - 0.5)
      };
    }
    double spread = 0.25 * reach * box.width();
    return each((x, y, c, v) -> {
      double near = Math.exp(-Math.pow(
          Math.hypot(x - at.x(), (y - at.y()) * 1.4) / (reach * box.width()), 4));
      double add = 0;
      for (double[] blotch : colours) {
        add +=
            blotch[2] * Math.exp(-Math.pow(Math.hypot(x - blotch[0], y - blotch[1]) / spread, 2));
      }
      return v + share * near * add;
    });
  }

  /** Teeth without end: strokes across the mouth. */
  RgbImage smeared(double share) {
    double cx = faceX();
    double cy = box.y() + 0.8 * box.height();
    return each((x, y, c, v) -> {
      double near = Math.exp(-Math.pow((x - cx) / (0.2 * box.width()), 4)
          - Math.pow((y - cy) / (0.11 * box.height()), 4));
      return v
          + 70 * share * near * Math.sin(2 * Math.PI * (x - cx) / Math.max(5, 0.05 * box.width()));
    });
  }

  /**
   * The ear on the side that shows more of it once more, further out: as much of its height as the
   * share says.
   */
  RgbImage doubled(double share) {
    int side = map.earSide();
    double edge = map.edge(side);
    double out = 0.3 * map.apart;
    double cy = map.eyeRow() + 0.3 * map.apart;
    return each((x, y, c, v) -> {
      double near = Math.exp(-Math.pow((side * (x - edge) - 0.2 * map.apart) / (0.2 * map.apart), 8)
          - Math.pow((y - cy) / (0.55 * share * map.apart), 8));
      return v + near * (Filter.bilinear(image, x - side * out, y, c) - v);
    });
  }

  RgbImage sharpened(double amount) {
    RgbImage smooth = Filter.gauss(image, 0.9);
    return each((x, y, c, v) -> v + amount * (v - smooth.at(x, y, c)));
  }

  /**
   * A line around the head, as a bad cut-out has: black or white, whichever stands out from hair
   * and backdrop.
   */
  RgbImage rimmed(double share) {
    double head = meanLight((x, y) -> y < map.eyeRow() ? map.near(x, y, 0) : 0);
    return each((x, y, c, v) -> {
      double near = map.near(x, y, 4) - map.near(x, y, 0);
      double behind = Filter.light(image, x, y);
      double line = Math.min(head, behind) > 255 - Math.max(head, behind) ? 12 : 242;
      return v + share * near * (line - v);
    });
  }

  RgbImage written(double share) {
    BufferedImage image = this.image.toBufferedImage();
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setColor(new Color(255, 255, 255, (int) (255 * share)));
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, this.image.width() / 14));
    g.drawString("stock preview 2741", this.image.width() / 20, this.image.height() * 15 / 16);
    g.dispose();
    return RgbImage.of(image);
  }
}
