package dev.likeness.photos.decode;

import com.drew.imaging.jpeg.JpegMetadataReader;
import com.drew.imaging.tiff.TiffMetadataReader;
import com.drew.imaging.webp.WebpMetadataReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.List;

/**
 * Reads the one EXIF value that matters here, the orientation; broken EXIF means upright, as in
 * every viewer.
 */
final class ExifOrientationPart {
  private ExifOrientationPart() {}

  /** The EXIF orientation value of a whole file, 1 where it has none. */
  static int of(PhotoFormat format, byte[] file) {
    return switch (format) {
      case JPEG -> read(in -> JpegMetadataReader.readMetadata(in, List.of(new ExifReader())), file);
      case WEBP -> read(WebpMetadataReader::readMetadata, file);
      case TIFF -> ofTiff(file);
      case PNG -> new PngChunks(file).orientation();
      default -> 1;
    };
  }

  /** The EXIF orientation value of a TIFF structure, which is what EXIF blocks are inside. */
  static int ofTiff(byte[] tiff) {
    return read(TiffMetadataReader::readMetadata, tiff);
  }

  @FunctionalInterface
  private interface Reader {
    Metadata read(InputStream in) throws Exception;
  }

  private static int read(Reader reader, byte[] bytes) {
    try {
      return reader
          .read(new ByteArrayInputStream(bytes))
          .getDirectoriesOfType(ExifIFD0Directory.class)
          .stream()
          .map(directory -> directory.getInteger(ExifIFD0Directory.TAG_ORIENTATION))
          .filter(value -> value != null && value >= 1 && value <= 8)
          .findFirst()
          .orElse(1);
    } catch (Exception brokenExif) {
      return 1;
    }
  }
}
