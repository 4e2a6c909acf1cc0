package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
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

/** A picture that flaws are put on; every method gives another picture. */
final class FlawCanvas {
  interface Pixel {
    double of(int x, int y, int channel, double value);
  }

  interface Place {
    double[] of(int x, int y);
  }

  private final Picture picture;
  private final Box box;
  private final Face face;
  private final byte[] headMask;

  FlawCanvas(Picture picture, Face face, byte[] headMask) {
    this.picture = picture;
    this.box = face.box();
    this.face = face;
    this.headMask = headMask;
  }

  double width() {
    return box.width();
  }

  double faceX() {
    return face.eyes().map(eyes -> eyes.left().between(eyes.right()).x()).orElse(box.center().x());
  }

  int seam() {
    return picture.width() * 5 / 8 + 3;
  }

  Point eye() {
    return face.eyes().map(eyes -> eyes.right())
        .orElse(new Point(box.x() + 0.7 * box.width(), box.y() + 0.4 * box.height()));
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

  Picture each(Pixel pixel) {
    byte[] out = new byte[picture.width() * picture.height() * 3];
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % picture.width();
      int y = i / 3 / picture.width();
      out[i] = (byte) Math.round(Math.max(0, Math.min(255, pixel.of(x, y, i % 3, picture.at(x, y, i % 3)))));
    }
    return Picture.of(picture.width(), picture.height(), out);
  }

  Picture moved(Place from) {
    return each((x, y, c, v) -> {
      double[] place = from.of(x, y);
      return Filter.bilinear(picture, place[0], place[1], c);
    });
  }

  Picture blurred(double sigma) {
    return Filter.gauss(picture, sigma);
  }

  Picture jpeg(double quality) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam param = writer.getDefaultWriteParam();
      param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      param.setCompressionQuality((float) quality);
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture.toBufferedImage(), null, null), param);
      out.flush();
      return Picture.of(ImageIO.read(new ByteArrayInputStream(bytes.toByteArray())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
  }

  /** The broad light of the face brought to its mean. */
  Picture flattened(double share) {
    Picture broad = Filter.gauss(picture, 0.05 * box.width());
    double mean = 0;
    int n = 0;
    for (int y = (int) (box.y() + 0.15 * box.height()); y < box.y() + 0.9 * box.height(); y++) {
      for (int x = (int) (box.x() + 0.25 * box.width()); x < box.x() + 0.75 * box.width(); x++, n++) {
        mean += Filter.light(broad, x, y);
      }
    }
    double even = mean / n;
    return each((x, y, c, v) -> v * Math.pow(even / Filter.light(broad, x, y), share * inFace(x, y)));
  }

  /** Random patches over a place, as networks leave where they do not know what to draw. */
  Picture blotched(Point at, double reach, double share) {
    Random random = new Random(9);
    double[][] colours = new double[12][];
    for (int i = 0; i < colours.length; i++) {
      colours[i] = new double[] {at.x() + (random.nextDouble() - 0.5) * 2 * reach * box.width(),
          at.y() + (random.nextDouble() - 0.5) * 1.2 * reach * box.width(), 300 * (random.nextDouble() - 0.5)};
    }
    double spread = 0.25 * reach * box.width();
    return each((x, y, c, v) -> {
      double near = Math.exp(-Math.pow(Math.hypot(x - at.x(), (y - at.y()) * 1.4) / (reach * box.width()), 4));
      double add = 0;
      for (double[] blotch : colours) {
        add += blotch[2] * Math.exp(-Math.pow(Math.hypot(x - blotch[0], y - blotch[1]) / spread, 2));
      }
      return v + share * near * add;
    });
  }

  /** Teeth without end: strokes across the mouth. */
  Picture smeared(double share) {
    double cx = faceX();
    double cy = box.y() + 0.8 * box.height();
    return each((x, y, c, v) -> {
      double near = Math.exp(-Math.pow((x - cx) / (0.2 * box.width()), 4) - Math.pow((y - cy) / (0.11 * box.height()), 4));
      return v + 70 * share * near * Math.sin(2 * Math.PI * (x - cx) / Math.max(5, 0.05 * box.width()));
    });
  }

  /** The side of the head once more, further out. */
  Picture doubled(double share) {
    double out = 0.13 * box.width();
    double cx = box.x() + 1.02 * box.width();
    double cy = box.y() + 0.5 * box.height();
    return each((x, y, c, v) -> {
      double near = Math.exp(-Math.pow((x - cx - out) / (0.13 * box.width()), 6)
          - Math.pow((y - cy) / (0.25 * box.height()), 6));
      return v + share * near * (Filter.bilinear(picture, x - out, y, c) - v);
    });
  }

  Picture waxed(double share) {
    Picture smooth = Filter.gauss(picture, 0.03 * box.width());
    return each((x, y, c, v) -> {
      double near = Math.exp(-Math.pow(Math.abs(Filter.light(smooth, x, y) - Filter.light(picture, x, y)) / 22, 2));
      return v + share * inFace(x, y) * (0.15 + 0.85 * near) * (1 - feature(x, y)) * (smooth.at(x, y, c) - v);
    });
  }

  Picture sharpened(double amount) {
    Picture smooth = Filter.gauss(picture, 0.9);
    return each((x, y, c, v) -> v + amount * (v - smooth.at(x, y, c)));
  }

  /** A light line around the head, as a bad cut-out has. */
  Picture rimmed(double levels) {
    int w = picture.width();
    return each((x, y, c, v) -> {
      double near = headMask[y * w + x] == 0 ? near(x, y, 4) : 0;
      return v + levels * near;
    });
  }

  Picture written(double share) {
    BufferedImage image = picture.toBufferedImage();
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setColor(new Color(255, 255, 255, (int) (255 * share)));
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, picture.width() / 14));
    g.drawString("stock preview 2741", picture.width() / 20, picture.height() * 15 / 16);
    g.dispose();
    return Picture.of(image);
  }

  private double feature(int x, int y) {
    double down = down(y);
    return down > -0.22 && down < -0.02 || down > 0.22 && down < 0.36 && Math.abs(across(x)) < 0.24 ? 0.8 : 0;
  }

  private double near(int x, int y, int reach) {
    int w = picture.width();
    for (int dy = -reach; dy <= reach; dy++) {
      for (int dx = -reach; dx <= reach; dx++) {
        int nx = x + dx;
        int ny = y + dy;
        if (nx >= 0 && ny >= 0 && nx < w && ny < picture.height() && dx * dx + dy * dy <= reach * reach
            && headMask[ny * w + nx] != 0) {
          return 1;
        }
      }
    }
    return 0;
  }
}
