/** The layers with weights of files that are not in ../shared, as published: name, shape of the weights, and of the bias where there is one. */
export const PUBLISHED_WEIGHTS: Readonly<Record<'squeezenet' | 'vgg-16' | 'resnet-50' | 'mobilenet', string>> = {
  squeezenet: `
    conv1 64x3x3x3+64, fire2/squeeze1x1 16x64x1x1+16, fire2/expand1x1 64x16x1x1+64, fire2/expand3x3 64x16x3x3+64
    fire3/squeeze1x1 16x128x1x1+16, fire3/expand1x1 64x16x1x1+64, fire3/expand3x3 64x16x3x3+64, fire4/squeeze1x1 32x128x1x1+32
    fire4/expand1x1 128x32x1x1+128, fire4/expand3x3 128x32x3x3+128, fire5/squeeze1x1 32x256x1x1+32, fire5/expand1x1 128x32x1x1+128
    fire5/expand3x3 128x32x3x3+128, fire6/squeeze1x1 48x256x1x1+48, fire6/expand1x1 192x48x1x1+192, fire6/expand3x3 192x48x3x3+192
    fire7/squeeze1x1 48x384x1x1+48, fire7/expand1x1 192x48x1x1+192, fire7/expand3x3 192x48x3x3+192, fire8/squeeze1x1 64x384x1x1+64
    fire8/expand1x1 256x64x1x1+256, fire8/expand3x3 256x64x3x3+256, fire9/squeeze1x1 64x512x1x1+64, fire9/expand1x1 256x64x1x1+256
    fire9/expand3x3 256x64x3x3+256, conv10 1000x512x1x1+1000`,
  'vgg-16': `
    conv1_1 64x3x3x3+64, conv1_2 64x64x3x3+64, conv2_1 128x64x3x3+128, conv2_2 128x128x3x3+128, conv3_1 256x128x3x3+256
    conv3_2 256x256x3x3+256, conv3_3 256x256x3x3+256, conv4_1 512x256x3x3+512, conv4_2 512x512x3x3+512, conv4_3 512x512x3x3+512
    conv5_1 512x512x3x3+512, conv5_2 512x512x3x3+512, conv5_3 512x512x3x3+512, fc6 4096x25088+4096, fc7 4096x4096+4096
    fc8 1000x4096+1000`,
  'resnet-50': `
    conv1 64x3x7x7+64, res2a_branch1 256x64x1x1, res2a_branch2a 64x64x1x1, res2a_branch2b 64x64x3x3, res2a_branch2c 256x64x1x1
    res2b_branch2a 64x256x1x1, res2b_branch2b 64x64x3x3, res2b_branch2c 256x64x1x1, res2c_branch2a 64x256x1x1
    res2c_branch2b 64x64x3x3, res2c_branch2c 256x64x1x1, res3a_branch1 512x256x1x1, res3a_branch2a 128x256x1x1
    res3a_branch2b 128x128x3x3, res3a_branch2c 512x128x1x1, res3b_branch2a 128x512x1x1, res3b_branch2b 128x128x3x3
    res3b_branch2c 512x128x1x1, res3c_branch2a 128x512x1x1, res3c_branch2b 128x128x3x3, res3c_branch2c 512x128x1x1
    res3d_branch2a 128x512x1x1, res3d_branch2b 128x128x3x3, res3d_branch2c 512x128x1x1, res4a_branch1 1024x512x1x1
    res4a_branch2a 256x512x1x1, res4a_branch2b 256x256x3x3, res4a_branch2c 1024x256x1x1, res4b_branch2a 256x1024x1x1
    res4b_branch2b 256x256x3x3, res4b_branch2c 1024x256x1x1, res4c_branch2a 256x1024x1x1, res4c_branch2b 256x256x3x3
    res4c_branch2c 1024x256x1x1, res4d_branch2a 256x1024x1x1, res4d_branch2b 256x256x3x3, res4d_branch2c 1024x256x1x1
    res4e_branch2a 256x1024x1x1, res4e_branch2b 256x256x3x3, res4e_branch2c 1024x256x1x1, res4f_branch2a 256x1024x1x1
    res4f_branch2b 256x256x3x3, res4f_branch2c 1024x256x1x1, res5a_branch1 2048x1024x1x1, res5a_branch2a 512x1024x1x1
    res5a_branch2b 512x512x3x3, res5a_branch2c 2048x512x1x1, res5b_branch2a 512x2048x1x1, res5b_branch2b 512x512x3x3
    res5b_branch2c 2048x512x1x1, res5c_branch2a 512x2048x1x1, res5c_branch2b 512x512x3x3, res5c_branch2c 2048x512x1x1
    fc1000 1000x2048+1000`,
  mobilenet: `
    conv1 32x3x3x3, conv2_1/dw 32x1x3x3, conv2_1/sep 64x32x1x1, conv2_2/dw 64x1x3x3, conv2_2/sep 128x64x1x1, conv3_1/dw 128x1x3x3
    conv3_1/sep 128x128x1x1, conv3_2/dw 128x1x3x3, conv3_2/sep 256x128x1x1, conv4_1/dw 256x1x3x3, conv4_1/sep 256x256x1x1
    conv4_2/dw 256x1x3x3, conv4_2/sep 512x256x1x1, conv5_1/dw 512x1x3x3, conv5_1/sep 512x512x1x1, conv5_2/dw 512x1x3x3
    conv5_2/sep 512x512x1x1, conv5_3/dw 512x1x3x3, conv5_3/sep 512x512x1x1, conv5_4/dw 512x1x3x3, conv5_4/sep 512x512x1x1
    conv5_5/dw 512x1x3x3, conv5_5/sep 512x512x1x1, conv5_6/dw 512x1x3x3, conv5_6/sep 1024x512x1x1, conv6/dw 1024x1x3x3
    conv6/sep 1024x1024x1x1, fc7 1000x1024x1x1+1000`,
};
