package dev.likeness.integrations.spark;

import dev.likeness.diffusion.Consent;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.image.AffineTransformOp;
import java.awt.image.BufferedImage;
import java.awt.image.RescaleOp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * People made of the committed sample photos: crops, mirrors and brightness changes of one person's
 * selfies count as other people.
 */
final class SamplePeople {
  static final StructType SCHEMA = new StructType()
      .add("id", DataTypes.StringType)
      .add("consent", DataTypes.StringType)
      .add("photos", DataTypes.createArrayType(DataTypes.StringType))
      .add("style", DataTypes.createArrayType(DataTypes.StringType))
      .add("options", DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType));

  private static final int PHOTOS = 4;

  private final Path folder;

  SamplePeople(Path folder) {
    this.folder = folder;
  }

  static Path samples() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(here.resolve("examples/photos"))) {
      here = here.getParent();
    }
    return here.resolve("examples/photos/person-5000000002");
  }

  /** Writes the photos of person {@code index}, and returns their folder. */
  Path photos(int index) throws IOException {
    Path person = folder.resolve(String.format("p%02d", index));
    Files.createDirectories(person);
    for (int i = 0; i < PHOTOS; i++) {
      int photo = 1 + (index / 6 * PHOTOS + i) % 10;
      BufferedImage sample = ImageIO.read(
          samples().resolve(String.format("selfie-%02d.jpg", photo)).toFile());
      write(change(sample, index % 6), person.resolve("photo-" + i + ".png"));
    }
    return person;
  }

  private static BufferedImage change(BufferedImage sample, int kind) {
    BufferedImage image = kind % 2 == 1 ? mirror(sample) : sample;
    return switch (kind / 2) {
      case 1 -> brighter(image, 1.12f);
      case 2 -> crop(image);
      default -> image;
    };
  }

  private static BufferedImage mirror(BufferedImage image) {
    AffineTransform flip = AffineTransform.getScaleInstance(-1, 1);
    flip.translate(-image.getWidth(), 0);
    return new AffineTransformOp(flip, AffineTransformOp.TYPE_NEAREST_NEIGHBOR).filter(image, null);
  }

  private static BufferedImage brighter(BufferedImage image, float factor) {
    return new RescaleOp(factor, 0, null).filter(image, null);
  }

  private static BufferedImage crop(BufferedImage image) {
    int edge = image.getWidth() / 16;
    return image.getSubimage(edge, edge, image.getWidth() - 2 * edge, image.getHeight() - 2 * edge);
  }

  private static void write(BufferedImage image, Path file) throws IOException {
    BufferedImage plain =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = plain.createGraphics();
    graphics.drawImage(image, 0, 0, null);
    graphics.dispose();
    ImageIO.write(plain, "png", file.toFile());
  }

  /** Writes files that are no photos of a person: broken ones, or images without a face. */
  Path badPhotos(String id, boolean broken) throws IOException {
    Path person = folder.resolve(id);
    Files.createDirectories(person);
    for (int i = 0; i < PHOTOS; i++) {
      Path file = person.resolve("photo-" + i + ".png");
      if (broken) {
        Files.write(file, new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13});
      } else {
        BufferedImage flat = new BufferedImage(300, 300, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = flat.createGraphics();
        graphics.setColor(new Color(40 * i, 90, 120));
        graphics.fillRect(0, 0, 300, 300);
        graphics.dispose();
        ImageIO.write(flat, "png", file.toFile());
      }
    }
    return person;
  }

  static Row row(String id, Path photos, Map<String, String> options) {
    try (var files = Files.list(photos)) {
      List<String> uris = files.sorted().map(file -> file.toUri().toString()).toList();
      return RowFactory.create(
          id,
          Consent.synthetic().toJson(),
          uris.toArray(new String[0]),
          new String[] {"studio"},
          scala.jdk.javaapi.CollectionConverters.asScala(options));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns {@code good} people and, as the last two, people with bad photos. */
  List<Row> rows(int good, Map<String, String> options) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < good; i++) {
      rows.add(row(String.format("p%02d", i), photos(i), options));
    }
    rows.add(row("broken", badPhotos("broken", true), options));
    rows.add(row("faceless", badPhotos("faceless", false), options));
    return rows;
  }

  static Dataset<Row> dataset(SparkSession spark, List<Row> rows) {
    return spark.createDataFrame(rows, SCHEMA);
  }
}
