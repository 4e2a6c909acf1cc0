// Makes the thumbnails of the page Shoot: ./likeness-shell tools/style_thumbnails.jsh
// One image of each built-in style on the embedded model, from the same seed, in the order of the styles, six in a row.

import java.awt.Graphics2D
import java.awt.RenderingHints
import java.awt.image.BufferedImage

Path file = Path.of("studio-web/src/main/resources/dev/likeness/studio/page/styles.jpg")
int side = 128
int across = 6
List<Style> styles = Style.all()
BufferedImage sheet = new BufferedImage(across * side, (styles.size() + across - 1) / across * side, BufferedImage.TYPE_INT_RGB)
Graphics2D pen = sheet.createGraphics()
pen.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC)
BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"))
for (int i = 0; i < styles.size(); i++) {
  Style style = styles.get(i);
  ImageRequest request = ImageRequest.of(style.prompt("a young woman with brown hair", 0)).steps(20).seed(5);
  RgbImage image = style.convertColours(base.generate(request).image());
  pen.drawImage(image.toBufferedImage(), i % across * side, i / across * side, side, side, null);
  System.out.println(style.name());
}
base.close()
Files.write(file, Disclosure.standard().forContactSheets().encodeJpeg(RgbImage.of(sheet)))
/exit
