package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.photos.decode.UnreadablePhotoException.Fault;
import java.awt.image.BufferedImage;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An ImageIO reader that an application brings for HEIC or AVIF is used, under the same caps as the
 * others.
 */
class OwnReaderTest {
  @ParameterizedTest
  @EnumSource(names = {"HEIC", "AVIF"})
  void usesAReaderOfTheClassPath(PhotoFormat format) {
    try (Registered reader = new Registered(format, 40, 30)) {
      DecodedPhoto decoded = new PhotoDecoder(DecodeLimits.DEFAULT).decode("a", file(format));
      assertEquals(format, decoded.format());
      assertEquals("40x30 image", decoded.image().toString());
      assertEquals(0x33, decoded.image().at(7, 7, 0));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"HEIC", "AVIF"})
  void readsTheSizeFirst(PhotoFormat format) {
    try (Registered reader = new Registered(format, 40_000, 30_000)) {
      UnreadablePhotoException refused = assertThrows(
          UnreadablePhotoException.class,
          () -> new PhotoDecoder(DecodeLimits.DEFAULT).decode("a", file(format)));
      assertEquals(Fault.TOO_MANY_PIXELS, refused.fault());
    }
  }

  private static byte[] file(PhotoFormat format) {
    String brand = format.name().toLowerCase(Locale.ROOT);
    return ("\0\0\0\30ftyp" + brand + "\0\0\0\0mif1" + brand).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** A reader of images of one colour, known to ImageIO until it is closed. */
  private static final class Registered extends ImageReaderSpi implements AutoCloseable {
    private final int width;
    private final int height;

    Registered(PhotoFormat format, int width, int height) {
      names = new String[] {format.readerName()};
      inputTypes = STANDARD_INPUT_TYPE;
      this.width = width;
      this.height = height;
      IIORegistry.getDefaultInstance().registerServiceProvider(this, ImageReaderSpi.class);
    }

    @Override
    public void close() {
      IIORegistry.getDefaultInstance().deregisterServiceProvider(this, ImageReaderSpi.class);
    }

    @Override
    public boolean canDecodeInput(Object source) {
      return source instanceof ImageInputStream;
    }

    @Override
    public String getDescription(Locale locale) {
      return "one colour";
    }

    @Override
    public ImageReader createReaderInstance(Object extension) {
      return new ImageReader(this) {
        @Override
        public int getNumImages(boolean allowSearch) {
          return 1;
        }

        @Override
        public int getWidth(int index) {
          return width;
        }

        @Override
        public int getHeight(int index) {
          return height;
        }

        @Override
        public Iterator<ImageTypeSpecifier> getImageTypes(int index) {
          return Collections.singleton(
                  ImageTypeSpecifier.createFromBufferedImageType(BufferedImage.TYPE_INT_RGB))
              .iterator();
        }

        @Override
        public IIOMetadata getStreamMetadata() {
          return null;
        }

        @Override
        public IIOMetadata getImageMetadata(int index) {
          return null;
        }

        @Override
        public BufferedImage read(int index, ImageReadParam param) {
          BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
          for (int i = 0; i < width * height; i++) {
            image.setRGB(i % width, i / width, 0x336699);
          }
          return image;
        }
      };
    }
  }
}
